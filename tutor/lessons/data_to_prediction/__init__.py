"""Lesson A3: what it says of itself."""

from tutor.lessons.registry import About

ABOUT = About(
    minutes=65,
    items={
        "dataset": "a Dataset: `__init__`, `__len__`, `__getitem__`; FashionMNIST and the 3 x 3 picture",
        "transforms": "transforms: ToTensor, Normalize, Lambda one-hot by scatter_, Compose",
        "loader": "DataLoader: batches of 64 and their shapes",
        "train": "the train function with its lines `loss: … [ …/60000]`",
        "test": "the test function after every epoch: accuracy and average loss",
        "first-recipe": "five epochs of SGD 1e-3 as everybody knows them",
        "three-changes": "the three changes that matter most, chosen on a validation split; the test set looked at once",
        "save-load": "state_dict saved to a file, loaded with weights_only",
        "predict": "a prediction on one image",
        "classifier": "a classifier of 85 % from an empty cell",
    },
)
