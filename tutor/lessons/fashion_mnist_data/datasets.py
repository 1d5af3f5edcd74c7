"""Right data sets over a folder of images, each written differently: what lesson 10 lets pass as LabelledImages."""

import csv
import operator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch.utils.data import Dataset


class DatasetByLists(Dataset):
    def __init__(self, folder, table, transform=None, target_transform=None):
        header, *lines = (line.split(",") for line in Path(table).read_text().splitlines())
        self.paths = [f"{folder}/{line[header.index('file')]}" for line in lines]
        self.labels = [int(line[header.index("label")]) for line in lines]
        self.transform = transform or (lambda image: image)
        self.target_transform = target_transform or (lambda label: label)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return self.transform(Image.open(self.paths[i])), self.target_transform(self.labels[i])


class DatasetByReader:
    def __init__(self, folder, table, transform=None, target_transform=None):
        self.folder, self.t, self.tt = Path(folder), transform, target_transform
        with Path(table).open() as file:
            reader = csv.reader(file)
            columns = operator.itemgetter(*map(next(reader).index, ("file", "label")))
            self.table = dict(enumerate(map(columns, reader)))

    def __len__(self):
        return len(self.table)

    def __getitem__(self, index):
        file, label = self.table[index]
        with Image.open(self.folder / file) as image:
            picture = image.convert("L")
        if self.t:
            picture = self.t(picture)
        label = int(label)
        if self.tt:
            label = self.tt(label)
        return picture, label


class DatasetByTable(Dataset):
    def __init__(self, folder, table, transform=None, target_transform=None):
        columns = {name: rest for name, *rest in np.loadtxt(table, delimiter=",", dtype=str, unpack=True)}
        self.names, self.labels = columns["file"], torch.tensor([int(label) for label in columns["label"]])
        self.folder, self.transform, self.target_transform = folder, transform, target_transform

    def __len__(self):
        return self.labels.numel()

    def __getitem__(self, index):
        image, label = Image.open(f"{self.folder}/{self.names[index]}"), self.labels[index]
        if self.transform is not None:
            image = self.transform(image)
        if self.target_transform is not None:
            label = self.target_transform(label)
        return image, label
