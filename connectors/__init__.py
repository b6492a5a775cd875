"""The only code that talks to a network; knows neither canonical nor hub."""
