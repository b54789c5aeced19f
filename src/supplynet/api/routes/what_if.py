"""The plant as it might be, beside the plant as it is."""

from __future__ import annotations

import threading
from http import HTTPStatus
from typing import Any

from fastapi import HTTPException
from pydantic import AwareDatetime, BaseModel, Field

from supplynet.api.admission import AccessDep
from supplynet.api.depends import NO_PARAMETERS, BooksDep, IdempotencyKey
from supplynet.api.job_params import WhatIfParams
from supplynet.api.queueing import QUEUED, queued
from supplynet.api.routing import Router
from supplynet.errors import NoneYet, NotFound
from supplynet.services import what_if
from supplynet.services.what_if_question import Question, check

router = Router(tags=["planning"])
_ONE_AT_A_TIME = threading.Lock()
"""An answer keeps a core busy for seconds: never two at once."""


class FigureRow(BaseModel):
    """One figure of both plants, with a 95 % interval of the difference."""

    name: str = Field(examples=["halts"])
    base: float
    changed: float
    difference: float = Field(description="Changed minus base, on the same futures.")
    low: float
    high: float


class WhatIfAnswer(BaseModel):
    """What a change does over the days, means over the futures."""

    as_of: AwareDatetime
    days: int
    futures: int
    policy: str
    model_version: str
    change: list[str]
    figures: list[FigureRow]
    worse_lines: list[FigureRow] = Field(description="Lost minutes by line, the worst first.")
    worse_parts: list[FigureRow] = Field(
        description="Lost minutes by the stock point and part that is missing."
    )
    fallbacks: list[str] = Field(description="What stands in for the model's forecast.")
    seconds: float


@router.post(
    "/what-if",
    response_model=WhatIfAnswer,
    responses=QUEUED,
    dependencies=[NO_PARAMETERS],
)
def ask_what_if(
    books: BooksDep,
    access: AccessDep,
    body: WhatIfParams,
    idempotency_key: IdempotencyKey = None,
) -> Any:
    """Play a changed plant beside the plant as it is. Writes nothing.

    What takes seconds is answered at once; what takes longer becomes a job (202), named in
    ``Location``, whose result is the answer.
    """
    params = body.model_dump(mode="json")
    question = Question(**params)
    try:
        if what_if.is_quick(books, question):
            with _ONE_AT_A_TIME:
                return what_if.ask(books, question).as_dict()
        check(question, books.plant)
    except NotFound as error:
        ours = isinstance(error, NoneYet)  # and no mistake of the question
        status = HTTPStatus.CONFLICT if ours else HTTPStatus.UNPROCESSABLE_ENTITY
        raise HTTPException(status, error.told()) from error
    return queued(books, access, "what_if", params, idempotency_key)
