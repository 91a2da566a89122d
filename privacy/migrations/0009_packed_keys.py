"""Keys of rows in other databases that still wait for theirs: packed as they are written from now on."""

import json
from itertools import groupby, islice
from operator import itemgetter

from django.db import migrations, models

_PAGE = 500


def pack(apps, schema_editor):
    captured = apps.get_model("privacy", "Captured").objects.using(schema_editor.connection.alias)
    loose = captured.filter(rows=0).order_by("batch", "place", "pk").values_list("batch", "place", "key")
    for (batch, place), found in groupby(loose.iterator(), key=itemgetter(0, 1)):
        keys = (key for _, _, key in found)
        while some := list(islice(keys, _PAGE)):
            captured.create(batch=batch, place=place, key="", keys=json.dumps(some), rows=len(some))
    captured.filter(rows=0).delete()


class Migration(migrations.Migration):
    dependencies = [("privacy", "0008_consent")]

    operations = [
        migrations.AddField("captured", "keys", models.TextField(default="[]"), preserve_default=False),
        migrations.AddField("captured", "rows", models.PositiveBigIntegerField(default=0), preserve_default=False),
        migrations.RunPython(pack, migrations.RunPython.noop, elidable=True),
        migrations.RemoveField("captured", "key"),
    ]
