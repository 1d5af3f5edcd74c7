"""Make notebooks from lessons, lint the course, run notebooks headless, judge and keep readers' copies."""
