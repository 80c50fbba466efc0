"""The life of an imported file as a table."""

from catalog.kernel.access import Permission
from catalog.kernel.errors import Refused
from catalog.kernel.stamp import Stamp
from catalog.kernel.workflow import StockEffect, Transition, Workflow
from warehouse.exchange.model import ImportFile, ImportState


def something_precise(file: ImportFile) -> Refused | None:
    """At least one row must be ready."""
    if file.counts.get("ready", 0):
        return None
    return Refused("import.nothing-ready", "没有可以导入的行，请先回答问题", counts=dict(file.counts))


def nothing_imported(file: ImportFile) -> Refused | None:
    """What has been imported is taken back where it stands, not here."""
    done = file.counts.get("done", 0)
    return Refused("import.has-rows", "已有行导入，不能再改列或作废", done=done) if done else None


def not_purged(file: ImportFile) -> Refused | None:
    """The file itself must still be kept."""
    if file.purged_at is None:
        return None
    return Refused("import.purged", "原始文件已按保存期限清除，请重新上传")


_RUN = Permission.IMPORT_RUN
_NEW, _BAD, _JUDGED = ImportState.UPLOADED.value, ImportState.UNREADABLE.value, ImportState.JUDGED.value
_APPLYING, _APPLIED, _GONE = ImportState.APPLYING.value, ImportState.APPLIED.value, ImportState.WITHDRAWN.value

IMPORT = Workflow(
    name="import",
    initial=_NEW,
    transitions=(
        Transition("read", _NEW, _JUDGED, _RUN, needs=(not_purged,)),
        Transition("fail", _NEW, _BAD, _RUN),
        Transition("withdraw", _NEW, _GONE, _RUN),
        Transition("withdraw", _BAD, _GONE, _RUN),
        Transition("map", _JUDGED, _JUDGED, _RUN, needs=(not_purged, nothing_imported)),
        Transition("answer", _JUDGED, _JUDGED, _RUN, needs=(not_purged,)),
        Transition("apply", _JUDGED, _APPLYING, _RUN, StockEffect.ARRIVE, needs=(something_precise,)),
        Transition("withdraw", _JUDGED, _GONE, _RUN, needs=(nothing_imported,)),
        Transition("apply", _APPLYING, _APPLYING, _RUN, StockEffect.ARRIVE),
        Transition("finish", _APPLYING, _APPLIED, _RUN),
        Transition("answer", _APPLIED, _JUDGED, _RUN, needs=(not_purged,)),
        Transition("reopen", _APPLIED, _JUDGED, _RUN, needs=(not_purged,)),
    ),
)


def allowed(file: ImportFile, stamp: Stamp) -> list[str]:
    """What the caller may do with it now."""
    return IMPORT.allowed(file, status=file.state.value, stamp=stamp, path=file.path, site_id=file.site_id)
