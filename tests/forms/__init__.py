"""The lesson that proves every form of exercise."""

from tutor.lessons.registry import About

ABOUT = About(minutes=1)
