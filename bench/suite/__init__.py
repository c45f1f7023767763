"""The benchmark: how the goals of performance.md are measured. bench/run.sh calls it."""
