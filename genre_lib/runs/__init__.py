"""Runs of the notebooks: folders, papermill, the pipeline they call, sweeps over parameters, runs compared."""
