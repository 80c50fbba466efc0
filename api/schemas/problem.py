"""What every refusal looks like (RFC 9457, `application/problem+json`)."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class ProblemBody(BaseModel):
    """A refusal. `code` is stable and made for programs, `detail` for people, `facts` for both."""

    model_config = ConfigDict(title="Problem")

    type: str = Field("about:blank", description="Always about:blank; look at `code`.")
    title: str = Field(description="The HTTP status in words.")
    status: int = Field(description="The HTTP status.")
    code: str = Field(description="feature.what-happened: unique and stable.")
    detail: str = Field(description="One sentence for the person at the screen.")
    facts: dict[str, Any] = Field(default_factory=dict, description="What the sentence is made of.")
    instance: str = Field("", description="The path that was called.")
    request_id: str = Field("", description="Quote it when asking for help.")
