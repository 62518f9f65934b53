"""Which language model answers: the one that the settings name, or the first that is found to answer.

    model, description, hint = await choose_model(config.thinking, os.environ)

`model` is None where the offline assistant is to answer; `description` says what was chosen, `hint` how to do better.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from voicestream.config import Thinking
from voicestream.discreet import hide_keys
from voicestream.errors import ConfigError, ModelError
from voicestream.thinking.chat_protocol import ChatProtocol
from voicestream.thinking.fallback import FallbackModel
from voicestream.thinking.watched_answer import WatchedModel
from voicestream.thinking.watchers import LanguageWatcher, LengthWatcher, PatternWatcher, RepetitionWatcher, Watcher
from voicestream.vocabulary import Message, ModelPart, ToolDescription

if TYPE_CHECKING:
    import httpx

    from voicestream.backends.model_response import Send
    from voicestream.backends.model_server import ModelServer

CHARACTERS_PER_TOKEN = 8
"""More than any language needs: beyond, the server does not keep to the limit of tokens."""

HOW_TO_CONNECT = (
    "start Ollama, llama.cpp, LM Studio or vLLM on this machine, or set thinking.base_url in config.yaml, "
    "or put a key into OPENAI_API_KEY"
)

HINT = f"No language model was found, so the built-in assistant answers. To connect one: {HOW_TO_CONNECT}."


@dataclass(frozen=True, slots=True)
class Provider:
    """A server that voicestream knows."""

    name: str
    protocol: str
    """Module of thinking/ that speaks its language."""
    base_url: str
    key_variables: tuple[str, ...] = ()
    server: str = ""
    """What the protocol's requests call it."""
    prefer: tuple[str, ...] = ()
    """Parts of names of models that are quick enough to talk with; the first that is offered is taken."""


CLOUD = (
    Provider(
        "OpenAI",
        "openai_chat",
        "https://api.openai.com/v1",
        ("OPENAI_API_KEY",),
        "openai",
        ("gpt-4.1-mini", "gpt-4o-mini", "mini"),
    ),
    Provider(
        "Anthropic", "anthropic_messages", "https://api.anthropic.com/v1", ("ANTHROPIC_API_KEY",), prefer=("haiku",)
    ),
    Provider(
        "Gemini",
        "gemini",
        "https://generativelanguage.googleapis.com/v1beta",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        prefer=("flash-lite", "flash"),
    ),
    Provider(
        "OpenRouter",
        "openai_chat",
        "https://openrouter.ai/api/v1",
        ("OPENROUTER_API_KEY",),
        prefer=("openrouter/auto",),
    ),
    Provider("Groq", "openai_chat", "https://api.groq.com/openai/v1", ("GROQ_API_KEY",), prefer=("llama-3", "llama")),
    Provider(
        "Mistral", "openai_chat", "https://api.mistral.ai/v1", ("MISTRAL_API_KEY",), prefer=("mistral-small", "small")
    ),
    Provider("DeepSeek", "openai_chat", "https://api.deepseek.com/v1", ("DEEPSEEK_API_KEY",), prefer=("chat",)),
    Provider("xAI", "openai_chat", "https://api.x.ai/v1", ("XAI_API_KEY",), prefer=("fast", "mini")),
)

LOCAL = (
    Provider("Ollama", "ollama_chat", "http://127.0.0.1:11434", server="ollama"),
    Provider("llama.cpp", "openai_chat", "http://127.0.0.1:8080/v1", server="llama.cpp"),
    Provider("LM Studio", "openai_chat", "http://127.0.0.1:1234/v1", server="lmstudio"),
    Provider("vLLM", "openai_chat", "http://127.0.0.1:8000/v1", server="vllm"),
)

_NAMED = {
    "openai": CLOUD[0],
    "responses": Provider(
        "OpenAI", "openai_responses", CLOUD[0].base_url, CLOUD[0].key_variables, "openai", CLOUD[0].prefer
    ),
    "anthropic": CLOUD[1],
    "gemini": CLOUD[2],
    "ollama": LOCAL[0],
}

PROBE_SECONDS = 1.5
"""How long all candidates together may take to answer."""


class ConnectedModel:
    """A Model made of one or more servers, watched for the ear; closing it closes their connections."""

    def __init__(self, servers: Sequence[tuple[ModelServer, str]], settings: Thinking) -> None:
        self._names = [name for _, name in servers]
        self._servers = [server for server, _ in servers]
        source = FallbackModel(servers) if len(servers) > 1 else self._servers[0]
        self._model = WatchedModel(source, lambda: _watchers(settings), settings.max_tokens)

    async def __aenter__(self) -> ConnectedModel:
        return self

    async def __aexit__(self, *reason: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """End what runs and close the connections."""
        async with AsyncExitStack() as stack:
            for server in self._servers:
                stack.push_async_callback(server.aclose)

    def describe(self) -> list[dict[str, Any]]:
        """Return all that `reconnect` needs to make it again, but for keys (Any: JSON)."""
        return [server.describe() | {"name": name} for server, name in zip(self._servers, self._names, strict=True)]

    def send_by(self, sending: Callable[[httpx.AsyncClient, str], Send]) -> None:
        """Let what `sending` makes of a server's client, and of its key, send from now on."""
        for server in self._servers:
            server.send_by(sending)

    async def warm(self, messages: Sequence[Message] = (), tools: Sequence[ToolDescription] = ()) -> bool:
        """Open the first server's connection while the user speaks; a local one reads the conversation so far."""
        return await self._servers[0].warm(messages, tools)

    def stream(
        self, messages: Sequence[Message], tools: Sequence[ToolDescription] = ()
    ) -> AsyncGenerator[ModelPart, None]:
        """Yield the answer as it is written, a Finish last; raise ModelError; closing it ends the request at once."""
        return self._model.stream(messages, tools)


async def choose_model(
    settings: Thinking,
    environment: Mapping[str, str],
    local: Sequence[Provider] = LOCAL,
    cloud: Sequence[Provider] = CLOUD,
) -> tuple[ConnectedModel | None, str, str]:
    """Return the model, what it is, and how to connect a better one; raise ConfigError where a key is missing."""
    if settings.provider == "offline":
        return None, "the built-in assistant", ""
    if settings.provider != "auto":
        chosen = _configured(settings, environment, settings.provider)
        return _connect([chosen], settings, environment), _describe(*chosen), ""
    candidates = []
    if settings.base_url:
        candidates.append(_configured(settings, environment, _kind_of(settings.base_url)))
    for provider in cloud:
        key = next((environment[name] for name in provider.key_variables if environment.get(name)), "")
        if key and not settings.base_url:
            candidates.append((_server(provider, provider.base_url, settings.model, key, settings), provider.name))
    candidates += [
        (_server(provider, provider.base_url, settings.model, "", settings), provider.name) for provider in local
    ]
    found = await _first_that_answers(candidates)
    silent = f"{hide_keys(settings.base_url)} does not answer" if settings.base_url else ""
    if found is None:
        return None, "the built-in assistant", f"{silent}; the built-in assistant answers." if silent else HINT
    hint = f"{silent}; {found[1]} is used instead." if silent and found is not candidates[0] else ""
    return _connect([found], settings, environment), _describe(*found), hint


def reconnect(description: Sequence[dict[str, Any]], settings: Thinking) -> ConnectedModel:
    """Return the model that was described, without its keys (Any: JSON); nothing is asked yet."""
    servers = []
    for each in description:
        provider = Provider(
            each["name"], each["protocol"], each["base_url"], server=each["server"], prefer=tuple(each["prefer"])
        )
        servers.append((_server(provider, each["base_url"], each["model"], "", settings), each["name"]))
    return ConnectedModel(servers, settings)


def _configured(settings: Thinking, environment: Mapping[str, str], kind: str) -> tuple[ModelServer, str]:
    provider = _NAMED[kind]
    base_url = settings.base_url or provider.base_url
    is_own = not settings.base_url
    name = provider.name if is_own else (urlsplit(base_url).netloc or base_url)
    key = _key(settings.key_variable, provider, base_url, environment, "thinking.key_variable")
    return _server(provider, base_url, settings.model, key, settings, is_own=is_own), name


def _fallback(settings: Thinking, environment: Mapping[str, str]) -> tuple[ModelServer, str]:
    provider = _NAMED[settings.fallback_provider]
    base_url = settings.fallback_url or provider.base_url
    is_own = not settings.fallback_url
    key = _key(settings.fallback_key_variable, provider, base_url, environment, "thinking.fallback_key_variable")
    server = _server(provider, base_url, settings.fallback_model, key, settings, is_own=is_own)
    return server, provider.name if is_own else (urlsplit(base_url).netloc or base_url)


def _key(variable: str, provider: Provider, base_url: str, environment: Mapping[str, str], path: str) -> str:
    """Return the key for a server. That of a provider is sent to this provider only, never to another address."""
    if variable:
        if not environment.get(variable):
            raise ConfigError(f"config: {path}: the environment variable {variable} is empty or not set")
        return environment[variable].strip()
    host = urlsplit(base_url).hostname
    owner = next((known for known in (provider, *CLOUD) if urlsplit(known.base_url).hostname == host), None)
    is_here = host in ("localhost", "127.0.0.1", "::1")  # a gateway on this machine may pass the key on
    names = owner.key_variables if owner else provider.key_variables if is_here else ()
    key = next((environment[name] for name in names if environment.get(name)), "")
    if owner and names and not key:
        raise ConfigError(f"config: {path}: {owner.name} needs a key: put it into {names[0]}")
    return key.strip()


def _kind_of(base_url: str) -> str:
    """Return the protocol that an address speaks, as far as the address tells."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    if parts.port == 11434 and not parts.path.rstrip("/").endswith("/v1"):
        return "ollama"
    if host.endswith("anthropic.com"):
        return "anthropic"
    return "gemini" if host.endswith("googleapis.com") and "openai" not in parts.path else "openai"


def _server(
    provider: Provider, base_url: str, model: str, key: str, settings: Thinking, *, is_own: bool = True
) -> ModelServer:
    from voicestream.backends.model_server import Limits, ModelServer, is_local

    limits = Limits(
        connect=2.0 if is_local(base_url) else 4.0,
        first_token=settings.first_token,
        next_token=settings.next_token,
        whole=settings.whole_answer,
        characters=settings.max_tokens * CHARACTERS_PER_TOKEN,
    )
    protocol = cast(ChatProtocol, import_module(f"voicestream.thinking.{provider.protocol}"))  # a module is one
    return ModelServer(
        base_url,
        protocol,
        model=model,
        key=key,
        limits=limits,
        max_tokens=settings.max_tokens,
        reasoning=settings.reasoning,
        server=provider.server if is_own else "",
        prefer=provider.prefer,
    )


def _connect(
    servers: list[tuple[ModelServer, str]], settings: Thinking, environment: Mapping[str, str]
) -> ConnectedModel:
    if settings.fallback_provider != "none":
        servers = [*servers, _fallback(settings, environment)]
    return ConnectedModel(servers, settings)


async def _first_that_answers(candidates: Sequence[tuple[ModelServer, str]]) -> tuple[ModelServer, str] | None:
    """Ask all at once; return the first in their order that answers, and close the others."""
    probes = [asyncio.create_task(_answers(server)) for server, _ in candidates]
    found = None
    try:
        for candidate, probe in zip(candidates, probes, strict=True):
            if await probe:
                found = candidate
                break
    finally:
        for probe in probes:
            probe.cancel()
        if probes:
            await asyncio.wait(probes)
        for candidate in candidates:
            if candidate is not found:
                await candidate[0].aclose()
    return found


async def _answers(server: ModelServer) -> bool:
    """Say whether a model can be asked there: its list of models comes, or a clear answer that a key is wrong."""
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return server.pick(await server.model_names())
    except ModelError as error:
        return error.code in ("auth", "rate_limited", "quota") or (error.code == "not_found" and bool(server.model))
    except TimeoutError:
        return False


def _describe(server: ModelServer, name: str) -> str:
    return f"{server.model} on {name}" if server.model else name


def _watchers(settings: Thinking) -> list[Watcher]:
    watchers: list[Watcher] = [RepetitionWatcher()]
    if settings.longest_answer:
        watchers.append(LengthWatcher(settings.longest_answer))
    if settings.stop_at:
        watchers.append(PatternWatcher(settings.stop_at))
    if settings.languages:
        watchers.append(LanguageWatcher(settings.languages.split(",")))
    return watchers
