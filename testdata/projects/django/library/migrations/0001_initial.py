import django
from django.conf import settings
from django.db import migrations, models
import django.db.models.deletion
import uuid

CONDITION = "condition" if django.VERSION >= (5, 1) else "check"


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Shelf',
            fields=[
                ('code', models.CharField(max_length=10, primary_key=True, serialize=False)),
            ],
            options={
                'db_table': 'warehouse_shelf',
                'managed': False,
            },
        ),
        migrations.CreateModel(
            name='Author',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('full_name', models.CharField(max_length=60, unique=True)),
                ('rank', models.PositiveSmallIntegerField(default=1)),
            ],
        ),
        migrations.CreateModel(
            name='Book',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('title', models.CharField(max_length=200)),
                ('pages', models.PositiveSmallIntegerField(null=True)),
                ('weight', models.PositiveIntegerField(default=0)),
                ('isbn', models.CharField(max_length=13, unique=True, null=True)),
                ('price', models.DecimalField(decimal_places=2, max_digits=8, null=True)),
                ('meta', models.JSONField(default=dict)),
                ('length', models.DurationField(null=True)),
                ('shelf', models.CharField(default='100%', max_length=10)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='library.author')),
                ('second', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='library.author')),
            ],
        ),
        migrations.CreateModel(
            name='OldLoan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200)),
            ],
        ),
        migrations.CreateModel(
            name='Label',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('word', models.SlugField(unique=True)),
            ],
        ),
        migrations.CreateModel(
            name='Audiobook',
            fields=[
                ('book_ptr', models.OneToOneField(auto_created=True, on_delete=django.db.models.deletion.CASCADE, parent_link=True, primary_key=True, serialize=False, to='library.book')),
                ('reader', models.CharField(max_length=80)),
            ],
            bases=('library.book',),
        ),
        migrations.CreateModel(
            name='Loan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateTimeField(auto_now_add=True)),
                ('until', models.DateTimeField(null=True)),
                ('share', models.IntegerField(default=0)),
                ('book', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='library.book')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddField(
            model_name='book',
            name='readers',
            field=models.ManyToManyField(through='library.Loan', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='book',
            name='tags',
            field=models.ManyToManyField(to='library.Label'),
        ),
        migrations.AddField(
            model_name='author',
            name='favourite',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='library.book'),
        ),
        migrations.AddField(
            model_name='author',
            name='mentor',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, to='library.author'),
        ),
        migrations.CreateModel(
            name='LongBook',
            fields=[
            ],
            options={
                'proxy': True,
                'indexes': [],
                'constraints': [],
            },
            bases=('library.book',),
        ),
        migrations.AddConstraint(
            model_name='loan',
            constraint=models.UniqueConstraint(condition=models.Q(('until__isnull', True)), fields=('book',), name='one_loan_a_book'),
        ),
        migrations.AddConstraint(
            model_name='loan',
            constraint=models.CheckConstraint(**{CONDITION: models.Q(('share__gte', 0))}, name='loan_share'),
        ),
        migrations.AddIndex(
            model_name='book',
            index=models.Index(fields=['shelf', '-pages'], name='book_shelf'),
        ),
        migrations.AlterUniqueTogether(
            name='book',
            unique_together={('title', 'shelf')},
        ),
    ]
