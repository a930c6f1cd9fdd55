"""Many recordings: predicted once each, whatever is killed on the way, and written as tables.

Everything that was computed lies in a `Journal`; tables are written from it, so that a run that was killed, one that
was not, and one that only looked for news end with the same files.
"""

from genre_lib.batch.journal import Journal
from genre_lib.batch.parquet import write_curves, write_rows
from genre_lib.batch.resumable import predict_into, watch
from genre_lib.batch.summary import Summary, summarize

__all__ = ["Journal", "Summary", "predict_into", "summarize", "watch", "write_curves", "write_rows"]
