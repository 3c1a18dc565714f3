from mfmgame.spec.document import Document
class Result(Document):
    pass
