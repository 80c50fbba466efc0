"""Whether goods fit into a bin: its room and load, and what its zone is for. Pure; what is unknown is no reason."""

from collections.abc import Iterable
from typing import Any

from warehouse.scanning.model import Answer, Room, Scan, Size, World
from warehouse.scanning.rules.answers import ask


def too_much(room: Room, volume_ml: int, weight_g: int) -> list[dict[str, Any]]:
    """Which caps of a bin would be passed, with figures in millilitres and grams."""
    found = []
    for what, cap, used, adds in (
        ("volume", room.volume_ml, room.used_volume, volume_ml),
        ("weight", room.weight_g, room.used_weight, weight_g),
    ):
        if cap is not None and adds and used + adds > cap:
            found.append({"what": what, "cap": cap, "used": used, "adds": adds})
    return found


def bulk(size: Size, quantity: int) -> tuple[int, int]:
    """Millilitres and grams of so many base units, rounded up; nothing where the catalogue does not know."""
    return (
        -(-quantity * (size.volume_ml or 0) // size.unit_factor),
        -(-quantity * (size.weight_g or 0) // size.unit_factor),
    )


def suits(room: Room, size: Size) -> bool:
    """Whether the zone takes goods of this storage class; a zone without classes takes all."""
    return not room.storage_classes or size.storage_class in room.storage_classes


def take_room(scan: Scan, goods: Iterable[tuple[int, int]], place_id: int, world: World) -> Answer | dict[str, Any]:
    """Room for (item, base units) in a bin: a question where a cap would be passed, else remarks for the receipt.

    What has happened (a fact) is not asked. Answered with `room`, it goes in and the receipt says what was passed.
    """
    room = world.rooms.get(place_id)
    if room is None or scan.fact:
        return {}
    sizes = [(world.sizes[item_id], quantity) for item_id, quantity in goods if item_id in world.sizes]
    bulks = [bulk(size, quantity) for size, quantity in sizes]
    volume, weight = sum(b[0] for b in bulks), sum(b[1] for b in bulks)
    passed = too_much(room, volume, weight)
    if passed and not scan.request.answers.get("room"):
        return ask("scan.ask-room", "该货位放不下这么多，仍要放入吗？", {"bin": room.code, "passed": passed})
    room.used_volume += volume
    room.used_weight += weight
    remarks = [{"code": "scan.bin-overfull", "bin": room.code, "passed": passed}] if passed else []
    if not all(suits(room, size) for size, _ in sizes):
        remarks.append({"code": "scan.other-class", "bin": room.code, "classes": list(room.storage_classes)})
    hint = scan.request.answers.get("hint")
    if hint and hint != room.code:
        remarks.append({"code": "scan.not-the-hint", "bin": room.code, "hint": hint})
    return {"remarks": remarks} if remarks else {}
