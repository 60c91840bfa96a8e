from django.contrib.auth.models import AbstractUser
from django.db import models


class User(AbstractUser):
    """The project's own user model."""

    card = models.CharField(max_length=20, unique=True, null=True)
