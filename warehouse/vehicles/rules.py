"""What a vehicle may be, and when it may be taken."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from catalog.kernel.errors import Invalid, Refused
from catalog.kernel.quantity import MAX_QUANTITY
from warehouse.vehicles.model import LONGEST_NAME, LONGEST_NOTE, MOST_AT_ONCE, Standing, Vehicle, VehicleFacts

_PROVINCE = "[京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新]"
_LETTER = "[A-HJ-NP-Z]"
_FUEL = f"{_PROVINCE}{_LETTER}[A-HJ-NP-Z0-9]{{4}}[A-HJ-NP-Z0-9挂学警港澳]"
_NEW_ENERGY = f"{_PROVINCE}{_LETTER}(?:[A-HJK][A-HJ-NP-Z0-9][0-9]{{4}}|[0-9]{{5}}[A-HJK])"
_civil = re.compile(f"{_FUEL}|{_NEW_ENERGY}").fullmatch
"""Civil plates of the mainland: seven characters, or eight for new energy (one of A-H, J, K after the office's letter
or at the end). After GA 36-2018 as it is remembered; unverified."""
_ASIDE = re.compile(r"[\s·•.‧・\-]+")


def plain_plate(plate: str) -> str:
    """A plate as it is kept: capitals, narrow, without dots, dashes and blanks."""
    return _ASIDE.sub("", unicodedata.normalize("NFKC", plate)).upper()


def is_civil(plate: str) -> bool:
    """Whether a plain plate has the pattern of a civil Chinese one."""
    return _civil(plate) is not None


def check_facts(facts: VehicleFacts, line: int = 1) -> None:
    """Raises Invalid for a vehicle that cannot be, Refused (`vehicle.odd-plate`) for a plate nobody vouches for."""
    plate = plain_plate(facts.plate)
    if not 3 <= len(plate) <= 20:
        raise Invalid("vehicle.bad-plate", "请填写车牌（3 到 20 个字符）", line=line, plate=facts.plate)
    for limit in (facts.max_weight_g, facts.max_volume_ml):
        if not 0 < limit <= MAX_QUANTITY:
            raise Invalid("vehicle.bad-limit", "载重和容积必须大于零", line=line, plate=plate)
    if any(len(text) > LONGEST_NAME for text in (facts.driver, facts.phone)):
        raise Invalid("vehicle.too-long", "文字过长", line=line, longest=LONGEST_NAME)
    if any(len(text) > LONGEST_NOTE for text in (facts.note, facts.out_of_service)):
        raise Invalid("vehicle.too-long", "文字过长", line=line, longest=LONGEST_NOTE)
    if facts.valid_from and facts.valid_to and facts.valid_to < facts.valid_from:
        raise Invalid("vehicle.bad-days", "有效期止不能早于起", line=line, plate=plate)
    if not facts.odd_plate and not is_civil(plate):
        raise Refused(
            "vehicle.odd-plate", "不是通常的民用号牌，请核对；确实如此请勾选“车牌无误”", line=line, plate=plate
        )


def check_new(vehicles: Sequence[VehicleFacts]) -> None:
    """All of a list by itself; a plate stands in it once."""
    if not 1 <= len(vehicles) <= MOST_AT_ONCE:
        raise Invalid("vehicle.bad-count", f"一次可登记 1 到 {MOST_AT_ONCE} 辆车", count=len(vehicles))
    plates = [plain_plate(one.plate) for one in vehicles]
    for line, one in enumerate(vehicles, 1):
        check_facts(one, line)
        if plates[line - 1] in plates[: line - 1]:
            raise Invalid("vehicle.plate-twice", "车牌重复", line=line, plate=plates[line - 1])


def check_free(vehicle: Vehicle, on: date) -> None:
    """Raises Refused for a vehicle that cannot be sent on a day; says what keeps it."""
    standing = vehicle.standing(on)
    plate = vehicle.facts.plate
    if vehicle.retired_at is not None:
        raise Refused("vehicle.retired", "车辆已停用", plate=plate)
    if standing is Standing.IN_USE:
        raise Refused(
            "vehicle.in-use", f"{plate} 正由 {vehicle.used_paper} 使用", plate=plate, used_paper=vehicle.used_paper
        )
    if standing is Standing.OUT_OF_SERVICE:
        why = vehicle.facts.out_of_service
        raise Refused("vehicle.out-of-service", f"{plate} 停运：{why}", plate=plate, why=why)
    if standing is Standing.NOT_VALID:
        raise Refused("vehicle.not-valid", f"{plate} 不在有效期内", plate=plate)
