"""Made-up plants and histories that behave like real ones, and the truth behind them."""

from supplynet.frames.synthetic.demand import Generated, generate_demand
from supplynet.frames.synthetic.history import SyntheticHistory, generate_history, history_of
from supplynet.frames.synthetic.plant import demo_plant, scenario_plant, tiny_plant
from supplynet.frames.synthetic.sales import Sales, generate_sales, sales_training_data
from supplynet.frames.synthetic.scenario import Scenario
from supplynet.frames.synthetic.scenario_file import SCENARIOS, read_scenario, write_scenario
from supplynet.frames.synthetic.shards import Shard, generate_shards
from supplynet.frames.synthetic.world import World, write_world

__all__ = [
    "SCENARIOS",
    "Generated",
    "Sales",
    "Scenario",
    "Shard",
    "SyntheticHistory",
    "World",
    "demo_plant",
    "generate_demand",
    "generate_history",
    "generate_sales",
    "generate_shards",
    "history_of",
    "read_scenario",
    "sales_training_data",
    "scenario_plant",
    "tiny_plant",
    "write_scenario",
    "write_world",
]
