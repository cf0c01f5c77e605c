"""A model that looks at a picture and says what is to be seen.

Two kinds are known, by what comes with them: a model with a chat template is asked, one without
writes captions of its own accord. Both come as transformers loads images and text to text.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from transformers import AutoModelForImageTextToText, AutoProcessor

from bot.config_choices import Precision
from bot.errors import ModelError
from bot.generation.brake import Brake
from bot.generation.loading import only_safetensors, silence_libraries
from bot.generation.pictures import UnreadablePictureError, opened
from bot.generation.precision import choose_precision
from bot.generation.quiet_threads import compute_quietly
from bot.generation.written import whole_sentences
from bot.log import get_logger

log = get_logger(__name__)

QUESTION = (
    "Describe this picture in one or two short sentences. If there is text on it, say what it says."
)

MOST_TOKENS = 96
"""A description is cut after so many: about what memory keeps of it."""

UNREPEATED = 4
"""So many tokens in a row are never written twice: captions like to go round in circles."""

_THOUGHT = "</think>"


class VisionModel:
    """A model in memory. Used from one thread."""

    def __init__(self, model: Any, processor: Any) -> None:
        self._model = model
        self._processor = processor
        self._brake = Brake.on(model)
        self._prompt = _prompt(processor)

    def describe(self, content: bytes, *, stop: threading.Event) -> str:
        """What is to be seen on a picture; empty where it cannot be opened.

        Raises:
            StoppedError: ``stop`` was set; it comes within one layer's work.
        """
        try:
            picture = opened(content)
        except UnreadablePictureError as error:
            log.info("picture_not_opened", reason=str(error))
            return ""
        self._brake.stop = stop
        return self._written(picture)

    def _written(self, picture: Image.Image) -> str:
        asked = {} if self._prompt is None else {"text": self._prompt}
        inputs = self._processor(images=[picture], return_tensors="pt", **asked)
        inputs = inputs.to(self._model.device, dtype=self._model.dtype)
        with torch.inference_mode():
            (written,) = self._model.generate(
                **inputs,
                do_sample=False,
                num_beams=1,
                num_return_sequences=1,
                no_repeat_ngram_size=UNREPEATED,
                min_length=0,
                min_new_tokens=None,
                max_new_tokens=MOST_TOKENS,
            ).tolist()
        prompt = inputs["input_ids"][0].tolist() if "input_ids" in inputs else []
        if written[: len(prompt)] == prompt:  # an encoder-decoder does not begin with it
            written = written[len(prompt) :]
        said: str = self._processor.decode(written, skip_special_tokens=True)
        if _THOUGHT in said:
            said = said.rpartition(_THOUGHT)[2]
        said = said.strip()
        return whole_sentences(said) if len(written) >= MOST_TOKENS else said


def load_vision_model(
    folder: Path, *, precision: Precision, device: str, allow_pickled: bool = False
) -> VisionModel:
    """Load a model that sees from a folder of safetensors, for the calling thread alone.

    Blocks for seconds. The thread leaves the processor to others from then on.

    Raises:
        ModelError: it cannot be loaded, or does not see.
    """
    silence_libraries()
    compute_quietly()
    # The model that chats has been refused a GPU that is not there.
    place = torch.device("cuda" if device != "cpu" and torch.cuda.is_available() else "cpu")
    # Mixed products are made for models of text: others also have layers of other kinds.
    is_wide = choose_precision(precision, place) in (Precision.FP32, Precision.MIXED)
    try:
        processors: Any = AutoProcessor  # which has no types
        processor: Any = processors.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        model: Any = AutoModelForImageTextToText.from_pretrained(
            folder,
            dtype=torch.float32 if is_wide else torch.bfloat16,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=only_safetensors(allow_pickled),
        )
        model.to(place)
        _look_once(processor)
        return VisionModel(model.eval(), processor)
    except ImportError as error:
        raise ModelError(
            f"The model in {folder} needs a package to look at pictures that is not installed: "
            f"{_reason(error)} See docs/seeing.md, or choose another ELLIE_SEE_MODEL."
        ) from error
    except Exception as error:  # the library lets through whatever its parts raise
        raise ModelError(
            f"The model in {folder} cannot be loaded to look at pictures: {_reason(error)} It must "
            "be a folder with a captioning or vision-language model as transformers saves it "
            "(config.json, *.safetensors, preprocessor_config.json or processor_config.json). "
            "Choose another ELLIE_SEE_MODEL, or none."
        ) from error


def _look_once(processor: Any) -> None:
    """Have every picture looked at as a whole, where the processor would also cut it into parts.

    Each part takes as long as the whole, and there may be sixteen.
    """
    if getattr(processor.image_processor, "do_image_splitting", False):
        processor.image_processor.do_image_splitting = False


def _prompt(processor: Any) -> str | None:
    """What the model is asked beside the picture; None where it need not be."""
    if not getattr(processor, "chat_template", None):
        return None
    asked = [{"type": "image"}, {"type": "text", "text": QUESTION}]
    prompt: str = processor.apply_chat_template(
        [{"role": "user", "content": asked}], add_generation_prompt=True, tokenize=False
    )
    return prompt


def _reason(error: Exception) -> str:
    lines = filter(None, map(str.strip, str(error).splitlines()))
    return next(lines, type(error).__name__).rstrip(".") + "."
