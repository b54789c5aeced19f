"""How far a demand frame can be trusted: rules, findings with their places, one score.

``check_quality`` reads any table and refuses nothing; ``RULES`` says what is looked for.
"""

from supplynet.frames.quality.checking import MINIMUM_DAYS, MINIMUM_RECORDS, check_quality
from supplynet.frames.quality.found import FINDINGS_SCHEMA
from supplynet.frames.quality.report import SERIES_SCHEMA, TABLE_HEAD, Check, QualityReport
from supplynet.frames.quality.rules import RULES, Rule, Severity, markdown_table

__all__ = [
    "FINDINGS_SCHEMA",
    "MINIMUM_DAYS",
    "MINIMUM_RECORDS",
    "RULES",
    "SERIES_SCHEMA",
    "TABLE_HEAD",
    "Check",
    "QualityReport",
    "Rule",
    "Severity",
    "check_quality",
    "markdown_table",
]
