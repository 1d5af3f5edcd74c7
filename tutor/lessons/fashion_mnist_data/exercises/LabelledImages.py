"""A dataset over images and a table: read too early or late; more in `watching.py`, `datasets.py`."""

from textwrap import indent

import numpy as np

from tutor.checking import Misconception, code
from tutor.checking.evidence import seen

from ..datasets import DatasetByLists, DatasetByReader, DatasetByTable
from ..shared import draw_bytes, if_in_if, reader_kept
from ..watching import SEEN, use_dataset


def probe_folder(d):
    """The pixels of a few small pictures, and their labels."""
    h, w = d.sizes(2, 3, 8)
    count = d.integer(4, 6)
    labels = d.rng.permutation(np.arange(1, 9))[:count]
    labels[-1] = labels[0]  # and one of them twice
    return draw_bytes(d, count, h, w), [int(label) for label in labels]


ROWS = 'self.rows = [(row["file"], int(row["label"])) for row in csv.DictReader(file)]'
KEPT = "self.target_transform = target_transform"
TAKEN = "name, label = self.rows[index]"
OPENED = "        with Image.open(self.folder / name) as image:\n            image.load()  # the pixels, before the file is closed\n"
LABELLED = "        if self.target_transform is not None:\n            label = self.target_transform(label)\n"


EXERCISE = code(
    difficulty="medium",
    minutes=14,
    drills=("own-dataset", "dataset"),
    probe=probe_folder,
    use=use_dataset,
    outputs=SEEN,
    misconceptions=(
        Misconception(
            "labels-are-text",
            "Your labels are text: everything in a CSV is. Make numbers of them.",
            patch=('int(row["label"])', 'row["label"]'),
            hints=('What is `type(label)`, and what would a loss do with "3"?',),
        ),
        Misconception(
            "names-sorted",
            "Your images come in the order of the file names and the labels in the order of the table, so an image gets the label of another. Take name and label from one row.",
            patch=(
                "csv.DictReader(file)]",
                "csv.DictReader(file)]\n        names = sorted(name for name, label in self.rows)\n        self.rows = [(name, row[1]) for name, row in zip(names, self.rows)]",
            ),
            hints=("What says which label belongs to which file?",),
        ),
        Misconception(
            "label-first",
            "The label comes first. An example is the image and then its label.",
            patch=("return image, label", "return label, image"),
            hints=("In which order does a loop `for x, y in loader` unpack an example?",),
        ),
        Misconception(
            "rows-sorted",
            "Your examples are sorted by file name. They are to come in the order of the table.",
            patch=("csv.DictReader(file)]", "csv.DictReader(file)]\n        self.rows.sort()"),
            hints=("Which order does the docstring ask for?",),
        ),
        Misconception(
            "one-for-each-label",
            "Of several rows with one label a single one is left. Labels repeat, many pictures show a shirt: they are no keys of a dict.",
            patch=(
                "csv.DictReader(file)]",
                "csv.DictReader(file)]\n        self.rows = list({k: (f, k) for f, k in self.rows}.values())",
            ),
            hints=("How many pictures may have label 3?",),
        ),
        Misconception(
            "rows-of-all-datasets",
            "A dataset by itself is right, and loses its examples when another is made: the rows are kept where all datasets share them. Keep them in `self`.",
            patch=("self.rows", "LabelledImages.rows"),
            hints=("Whose is a name that is bound in the class: one dataset's, or that of all?",),
        ),
        Misconception(
            "columns-by-place",
            "A label is taken for the name of a file. Are the columns taken by their place? A table may have others, "
            "in another order: take them by their names in the header.",
            patch=(ROWS, "self.rows = [(row[0], int(row[1])) for row in list(csv.reader(file))[1:]]"),
            hints=("Where does the table say which of its columns holds the names of the files?",),
        ),
        Misconception(
            "folder-counted",
            "Your length is the number of files in the folder. A file that the table does not name has no label, and is no example.",
            patch=("return len(self.rows)", "return len(list(self.folder.iterdir()))"),
            hints=("How many labels are there?",),
        ),
        Misconception(
            "header-counted",
            "Your length is one too large. Is the header of the table counted as an example?",
            patch=("return len(self.rows)", "return len(self.rows) + 1"),
            hints=("How many lines of the table are examples?",),
        ),
        Misconception(
            "first-row-lost",
            "The first example is missing: your example 0 is the second row of the table. Was a line taken away after the header had gone?",
            patch=("csv.DictReader(file)]", "csv.DictReader(file)][1:]"),
            cause="`DictReader` takes the header away by itself.",
            evidence=seen("csv.DictReader(...)", "DictReader(...)"),
            other=(
                ROWS,
                "header, _, *lines = csv.reader(file)\n            rows = [dict(zip(header, line)) for line in lines]\n"
                '            self.rows = [(row["file"], int(row["label"])) for row in rows]',
            ),
            hints=("Which line is the first that becomes an example?",),
        ),
        Misconception(
            "reader-used-up",
            "Something is taken out of a list that does not reach so far. Is the list made of a reader that was gone through before? A reader gives each row once, and then nothing: keep the rows.",
            patch=(
                (ROWS, "self.rows = csv.DictReader(file.read().splitlines())"),
                ("return len(self.rows)", "return len(list(self.rows))"),
                (TAKEN, 'row = list(self.rows)[index]\n        name, label = row["file"], int(row["label"])'),
            ),
            cause="What you keep is the reader, not its rows.",
            evidence=reader_kept,
            other=((ROWS, f"{ROWS}[1:]"), ("return len(self.rows)", "return len(self.rows) + 1")),
            hints=("How many rows does that list hold at this moment?",),
        ),
        Misconception(
            "closed-before-use",
            "The image is closed before its pixels have been read: `Image.open` reads them only when they are needed. Read them while it is open, with `image.load()`.",
            patch=("image.load()  # the pixels, before the file is closed", "pass"),
            hints=("When does `Image.open` read the pixels?",),
        ),
        Misconception(
            "one-inside-the-other",
            "The target transform is applied only where there is a transform for the images as well. Each can come alone.",
            patch=(LABELLED, indent(LABELLED, "    ")),
            cause="Your second `if` stands inside the first.",
            evidence=if_in_if,
            other=(
                "if self.target_transform is not None:",
                "if self.transform is not None and self.target_transform is not None:",
            ),
            hints=("What becomes of a label if there is a target transform and no other?",),
        ),
        Misconception(
            "opened-at-once",
            "Your images are opened when the dataset is made. A million of them would take minutes and fill the memory. Remember the names there, and open an image in `__getitem__`.",
            patch=(
                (
                    KEPT,
                    f"{KEPT}\n        self.images = [Image.open(self.folder / name).copy() for name, _ in self.rows]",
                ),
                (OPENED, "        image = self.images[index]\n"),
            ),
            hints=("Which of your lines run before anybody has asked for an example?",),
        ),
        Misconception(
            "transformed-at-once",
            "A transform runs when the dataset is made, before anybody has asked for an example. One with chance in it would give the same picture in every epoch; apply them in `__getitem__`.",
            patch=(
                (KEPT, f"{KEPT}\n        self.examples = [self.example(index) for index in range(len(self.rows))]"),
                (
                    "def __getitem__",
                    "def __getitem__(self, index):\n        return self.examples[index]\n\n    def example",
                ),
            ),
            hints=("Which of your lines run before anybody has asked for an example?",),
        ),
        Misconception(
            "kept-after-the-first-reading",
            "An example that was taken out once is kept, and its transform does not run again. One with chance in it would give the same picture in every epoch.",
            patch=(
                ("self.folder = Path(folder)", "self.folder = Path(folder)\n        self.kept = {}"),
                (TAKEN, f"if index in self.kept:\n            return self.kept[index]\n        {TAKEN}"),
                ("return image, label", "self.kept[index] = image, label\n        return image, label"),
            ),
            hints=("What should a random flip do in the second epoch?",),
        ),
        Misconception(
            "folder-is-text",
            "The folder may come as text, and text has no `/`. `Path(folder)` makes a path of both.",
            patch=("self.folder = Path(folder)", "self.folder = folder"),
            hints=('What is `type(folder)`, if somebody writes `LabelledImages("clothes", …)`?',),
        ),
        Misconception(
            "table-is-text",
            "The table's path may come as text, and text has no `open`. `Path(table).open()` and `open(table)` take both.",
            patch=("Path(table).open", "table.open"),
            hints=('What is `type(table)`, if somebody writes `LabelledImages(…, "labels.csv")`?',),
        ),
        Misconception(
            "transform-forgotten",
            "The transform is not applied to the images.",
            patch=("image = self.transform(image)", "pass"),
            hints=("What has to happen to an image before it is returned, if there is a transform?",),
        ),
        Misconception(
            "target-transform-forgotten",
            "The labels come out as they were, though there is a target transform. Is it not called, or is what it returns lost?",
            patch=("label = self.target_transform(label)", "pass"),
            hints=("What has to happen to a label before it is returned, if there is a target transform?",),
        ),
        Misconception(
            "result-thrown-away",
            "The transform of the images runs, but image and label come out as they were. A transform returns something new: keep that.",
            patch=(("image = self.transform", "self.transform"), ("label = self.target", "self.target")),
            hints=("Does a transform change the image that it is given, or return another one?",),
        ),
        Misconception(
            "transform-always",
            "`None` is called, and that is what a transform is that nobody gave. Ask first whether there is one.",
            patch=(
                ("if self.transform is not None:", "if True:"),
                ("if self.target_transform is not None:", "if True:"),
            ),
            hints=("What is `self.transform` if nobody gave one?",),
        ),
        Misconception(
            "converted-to-colour",
            "Your images have three colour channels. The files are grey; leave them so.",
            patch=("image.load()", 'image = image.convert("RGB")'),
            hints=("What is the mode of your images?",),
        ),
        Misconception(
            "array-for-image",
            "A NumPy array comes back. Without a transform the image is to be the PIL image as it was opened: what becomes of it, a transform decides.",
            patch=("image.load()", "image = np.array(image)"),
            hints=("What does `Image.open` give you, and who asked for anything else?",),
        ),
        Misconception(
            "scaled-without-asking",
            "Without a transform the image is to be the PIL image as it was opened. Yours is an array of numbers from 0 to 1; to make one is the transform's work.",
            patch=("image.load()", "image = np.array(image) / 255"),
            hints=("Who is to decide what becomes of an image?",),
        ),
    ),
    alternatives=(DatasetByLists, DatasetByReader, DatasetByTable),
    equivalent_mutants={
        "with Path(table).open() as file:": "without line breaks inside a field it makes no difference"
    },
    hints=(
        "What has to be known before the first image is asked for, and what can wait?",
        "`__init__`: a list of (name, label) from the table. `__getitem__`: open the image of that name, then apply what is not None.",
        '`self.rows = [(row["file"], int(row["label"])) for row in csv.DictReader(file)]`; `image = Image.open(Path(self.folder) / name)`; return image and label.',
    ),
)
