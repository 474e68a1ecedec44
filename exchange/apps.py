from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    name = "exchange"
    verbose_name = "导入"

    def ready(self) -> None:
        from exchange.presenting import links_of_imports
        from experts import history

        history.finders["import"] = links_of_imports
