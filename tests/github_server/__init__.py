"""A stand-in for GitHub: REST and smart HTTP over real bare repositories, on 127.0.0.1.

It knows the operations that opfixtures calls and no others, and holds every request and response against GitHub's
own OpenAPI description.
"""

from tests.github_server.description import Description, npm_package
from tests.github_server.server import Fault, GitHubServer, Odd, Request
from tests.github_server.state import BOT, Comment, GitHub, Pull, Token

__all__ = [
    "BOT",
    "Comment",
    "Description",
    "Fault",
    "GitHub",
    "GitHubServer",
    "Odd",
    "Pull",
    "Request",
    "Token",
    "npm_package",
]
