from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("annotation", "0004_assignment_lost"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="vote",
            name="annotation_vote_candidates",
        ),
        migrations.AddConstraint(
            model_name="vote",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("choice", "a"),
                        ("choice", "b"),
                        ("choice", "x"),
                        ("choice", "0"),
                        ("choice", "1"),
                        ("choice", "2"),
                        ("choice", "3"),
                        ("choice", "4"),
                        ("choice", "5"),
                        ("choice", "6"),
                        ("choice", "7"),
                        ("choice", "8"),
                        _connector="OR",
                    ),
                    models.Q(("left", "a"), ("left", "b"), ("left", ""), _connector="OR"),
                ),
                name="annotation_vote_candidates",
            ),
        ),
    ]
