# Shortcuts; start.sh and test.sh do the work.
.PHONY: start test bench backtest screenshots

start:
	./start.sh

test:
	./test.sh

# Tables of medians; nothing is asserted.
bench:
	PYTHONPATH=.:tests .venv/bin/python tests/benchmarks/run.py

# What the predictions would have said of the data of a folder: make backtest DATA=folder
backtest:
	PYTHONPATH=.:tests .venv/bin/python tests/benchmarks/backtest.py $(DATA)

# The pictures of the README and of every page, light, dark and on a phone.
screenshots:
	PYTHONPATH=.:tests .venv/bin/python -m browser.screenshots
