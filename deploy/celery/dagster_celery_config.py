"""Celery's settings in a worker that carries out runs: dagster_celery.app takes them from a module of this name.

CELERY_BROKER_URL names the broker, which keeps what became of each task, too: redis://:password@host:6379/0
"""

import os

broker_url = result_backend = os.environ["CELERY_BROKER_URL"]

# A worker takes no run that it cannot begin at once: another one may have a place for it.
worker_prefetch_multiplier = 1
worker_disable_prefetch = True

# Redis delivers once more what nobody acknowledged in this time. A run is acknowledged when it begins; that it is more than the
# longest run (max_runtime_seconds in dagster.yaml) counts where somebody sets task_acks_late.
broker_transport_options = {"visibility_timeout": 7 * 3600}
