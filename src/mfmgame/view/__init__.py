"""What people and programs see of an answer."""

from mfmgame.view.json.answers import index_document, result_document, threshold_document
from mfmgame.view.navigator_layer import navigator_layer, navigator_layers
from mfmgame.view.program_file import export_program

__all__ = [
    "export_program",
    "index_document",
    "navigator_layer",
    "navigator_layers",
    "result_document",
    "threshold_document",
]
