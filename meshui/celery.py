"""The Celery application: `celery -A meshui.celery worker -B`, or worker and beat apart."""

from __future__ import annotations

import logging
import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meshui.settings")

from meshui.jobs.schedule import beat_schedule
from meshui.settings import MESHUI

app = Celery("meshui", broker=MESHUI.redis_url)
app.conf.update(
    include=["meshui.jobs.tasks"],
    task_default_queue="meshui",
    task_serializer="json",
    accept_content=["json"],
    task_ignore_result=True,
    # A poll that is lost with its worker is not repeated: the next one is due anyway.
    task_acks_late=False,
    worker_prefetch_multiplier=1,
    worker_hijack_root_logger=False,
    worker_max_memory_per_child=512 * 1024,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_send_task_events=False,
    broker_connection_retry=True,
    broker_connection_retry_on_startup=True,
    broker_connection_max_retries=None,
    broker_transport_options={
        "visibility_timeout": 600,
        "socket_connect_timeout": 2,
        "socket_timeout": 10,
        "socket_keepalive": True,
        "health_check_interval": 10,
    },
    # Beat drops what it can't send at once; queueing polls for later helps nobody.
    task_publish_retry_policy={"max_retries": 1, "interval_start": 0, "interval_step": 0.2, "interval_max": 0.2},
    beat_scheduler="celery.beat:Scheduler",
    beat_schedule=beat_schedule(MESHUI),
    beat_max_loop_interval=5,
    enable_utc=True,
    timezone="UTC",
)

# A line for each poll, and one for each retried connection, says nothing that `meshui.jobs` does not say better.
for chatty in ("celery.app.trace", "celery.worker.strategy"):
    logging.getLogger(chatty).setLevel(logging.WARNING)
logging.getLogger("urllib3").setLevel(logging.ERROR)
logging.getLogger("celery.beat").addFilter(lambda record: "Sending due task" not in str(record.msg))
