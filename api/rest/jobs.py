"""Jobs: what the house does by itself, how it went, and to have one done now."""

from typing import Annotated, Any

from litestar import Request, get, post
from litestar.params import FromPath, QueryParameter

from api.auth.edge import VERB, edge_of
from api.auth.stamps import Stamped
from api.jobs import JOBS, ask_for, get_job
from api.rest.sessions import Cursor, Limit
from api.schemas.jobs import JobOut, JobsOut, RunAsked, RunOut, RunsPage
from catalog.kernel import jobs
from catalog.kernel.access import Permission

TAGS = ["jobs"]


@get("/jobs", opt={VERB: "job.list"}, tags=TAGS)
async def list_jobs(request: Request[Any, Any, Any], stamp: Stamped) -> JobsOut:
    """Every job with its next due time, its newest run and its newest good one."""
    stamp.require(Permission.SETTING_EDIT)
    last, now = await jobs.last_runs(), stamp.recorded_at
    items = [
        JobOut(
            name=job.name,
            name_zh=job.name_zh,
            name_en=job.name_en,
            next_due_at=job.schedule.next(now) if job.schedule else None,
            last=_shown(last[name][0]) if name in last else None,
            last_good=_shown(last[name][1]) if name in last else None,
        )
        for name, job in JOBS.items()
    ]
    return JobsOut(worker=edge_of(request).settings.worker, items=items)


@get("/jobs/runs", opt={VERB: "job.list"}, tags=TAGS)
async def list_runs(
    stamp: Stamped,
    job: Annotated[str | None, QueryParameter(max_length=80)] = None,
    cursor: Cursor = None,
    limit: Limit = None,
) -> RunsPage:
    """Runs of one job or of all, the newest first."""
    stamp.require(Permission.SETTING_EDIT)
    page = await jobs.list_runs(job=get_job(job).name if job else None, cursor=cursor, limit=limit)
    return RunsPage(items=[one for run in page.items if (one := _shown(run))], next_cursor=page.next_cursor)


@post("/jobs/{name:str}/run", opt={VERB: "job.run"}, tags=TAGS, status_code=202)
async def run_job(stamp: Stamped, name: FromPath[str]) -> RunAsked:
    """Have a job done now. 202: a worker takes it within seconds; look for it under /jobs/runs."""
    done = await ask_for(stamp=stamp, name=name)
    return RunAsked(run=done["run"], job=done["job"], joined=done["joined"], repeat=done.get("repeat", False))


def _shown(run: jobs.Run | None) -> RunOut | None:
    return None if run is None else RunOut(**{name: getattr(run, name) for name in RunOut.model_fields})


HANDLERS: list[Any] = [list_jobs, list_runs, run_job]
