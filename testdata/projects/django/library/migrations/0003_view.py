from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("library", "0002_grow")]

    operations = [
        migrations.RunSQL(
            "CREATE VIEW cheap AS SELECT title, price FROM library_book WHERE title LIKE 'a%' AND price < 5",
            "DROP VIEW cheap",
        ),
    ]
