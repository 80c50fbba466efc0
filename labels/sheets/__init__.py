"""Label stock as data; labels as PDF, PNG and ZPL."""

from labels.sheets.layouts import A4_2X7, A4_3X8, LAYOUTS, ROLL_70X50, ROLL_100X70, Layout, roll, sheet
from labels.sheets.model import (
    BinLabel,
    DocumentLabel,
    ItemLabel,
    Label,
    LotLabel,
    PalletLabel,
    SerialLabel,
    SiteLabel,
)
from labels.sheets.output import calibration, pdf, png, zpl

__all__ = [
    "A4_2X7",
    "A4_3X8",
    "LAYOUTS",
    "ROLL_70X50",
    "ROLL_100X70",
    "BinLabel",
    "DocumentLabel",
    "ItemLabel",
    "Label",
    "Layout",
    "LotLabel",
    "PalletLabel",
    "SerialLabel",
    "SiteLabel",
    "calibration",
    "pdf",
    "png",
    "roll",
    "sheet",
    "zpl",
]
