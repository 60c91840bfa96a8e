import uuid

import django
from django.conf import settings
from django.db import models
from django.db.models import Q

CONDITION = "condition" if django.VERSION >= (5, 1) else "check"


class Author(models.Model):
    name = models.CharField(max_length=100, db_index=True)
    mentor = models.ForeignKey("self", models.SET_NULL, null=True)
    favourite = models.ForeignKey("Book", models.SET_NULL, null=True, related_name="+")


class Tag(models.Model):
    word = models.SlugField(unique=True)


class Book(models.Model):
    key = models.UUIDField(default=uuid.uuid4, unique=True)
    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, models.CASCADE)
    tags = models.ManyToManyField(Tag)
    readers = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Loan")
    pages = models.PositiveIntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=2, null=True)
    meta = models.JSONField(default=dict)
    length = models.DurationField(null=True)
    shelf = models.CharField(max_length=10, default="100%")

    class Meta:
        unique_together = [("title", "author")]
        indexes = [models.Index(fields=["shelf", "-pages"], name="book_shelf")]


class Audiobook(Book):
    """A table of its own, joined to that of Book."""

    reader = models.CharField(max_length=80)


class LongBook(Book):
    class Meta:
        proxy = True


class Loan(models.Model):
    book = models.ForeignKey(Book, models.CASCADE)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    since = models.DateTimeField(auto_now_add=True)
    until = models.DateTimeField(null=True)
    share = models.IntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["book"], condition=Q(until__isnull=True), name="one_loan_a_book"),
            models.CheckConstraint(**{CONDITION: Q(share__gte=0) & ~Q(share=13)}, name="loan_share"),
        ]


class OldLoan(models.Model):
    title = models.CharField(max_length=200)


class Shelf(models.Model):
    """Kept by another program."""

    code = models.CharField(max_length=10, primary_key=True)

    class Meta:
        managed = False
        db_table = "warehouse_shelf"
