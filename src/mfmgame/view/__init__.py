"""Outputs of an answer for people and programs."""

from mfmgame.view.json.answer_documents import index_document, result_document, threshold_document
from mfmgame.view.lp_export import export_program
from mfmgame.view.navigator_layer import navigator_layer, navigator_layers

__all__ = [
    "export_program",
    "index_document",
    "navigator_layer",
    "navigator_layers",
    "result_document",
    "threshold_document",
]
