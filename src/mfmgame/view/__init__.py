"""What people and programs see of an answer."""

from mfmgame.view.document import index_document, result_document, threshold_document

__all__ = ["index_document", "result_document", "threshold_document"]
