import django
from django.db import migrations, models

CONDITION = "condition" if django.VERSION >= (5, 1) else "check"


def copy(apps, schema_editor):
    for book in apps.get_model("library", "Book").objects.filter(pages=None):
        book.pages = 0
        book.save()


class Migration(migrations.Migration):
    dependencies = [("library", "0001_initial")]

    operations = [
        migrations.RenameModel("Label", "Tag"),
        migrations.RenameField("Author", "full_name", "name"),
        migrations.AlterField("Author", "name", models.CharField(db_index=True, max_length=100)),
        migrations.RemoveField("Author", "rank"),
        migrations.RunPython(copy, migrations.RunPython.noop),
        migrations.AlterField("Book", "pages", models.PositiveIntegerField(default=0)),
        migrations.AlterField("Book", "isbn", models.CharField(max_length=20, null=True)),
        migrations.RemoveField("Book", "isbn"),
        migrations.RemoveField("Book", "second"),
        migrations.AlterField("Book", "weight", models.IntegerField(default=0)),
        migrations.RemoveField("Book", "weight"),
        migrations.AlterUniqueTogether("Book", {("title", "author")}),
        migrations.RemoveConstraint("Loan", "loan_share"),
        migrations.AddConstraint(
            "Loan",
            models.CheckConstraint(**{CONDITION: models.Q(share__gte=0) & ~models.Q(share=13)}, name="loan_share"),
        ),
    ]
