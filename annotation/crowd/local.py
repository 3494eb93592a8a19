"""The site's own voting page. People come to it by themselves, so opening and closing a round tells nobody."""

from annotation.models import Round


class LocalChannel:
    name = "local"

    def publish(self, *, round: Round) -> None:
        """Nothing to do: the page lists every open round."""

    def withdraw(self, *, round: Round) -> None:
        """Nothing to do: the page asks what is open each time."""
