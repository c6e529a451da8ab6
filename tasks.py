from hybrid_tasks import tasks

ns = tasks()
