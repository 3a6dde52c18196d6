"""What a pull request is to opfixtures: events, the repository beside the checkout, and what is told."""
