"""The client's channel and streams over a real connection."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing

import pytest

from coordinator_client.calls import read_stream, send_stream
from coordinator_client.channel import CoordinatorChannel, open_channel
from coordinator_client.errors import CoordinatorError, CoordinatorUnreachable
from coordinator_client.producer import Producer
from tests.service.echo_server import echoing
from tests.waiting import eventually


class Clock:
    """Time as the test says."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


async def chunks(*contents: bytes) -> AsyncGenerator[bytes, None]:
    for content in contents:
        yield content


async def test_the_token_goes_with_calls_of_every_shape() -> None:
    async with echoing() as echo, open_channel(echo.address, token="secret") as channel:
        await channel.unary_unary("/echo.Echo/UnaryUnary")(b"1")
        assert [answer async for answer in channel.unary_stream("/echo.Echo/UnaryStream")(b"2")] == [b"2", b"2"]
        assert await channel.stream_unary("/echo.Echo/StreamUnary")(chunks(b"3", b"4")) == b"34"
        assert [answer async for answer in channel.stream_stream("/echo.Echo/StreamStream")(chunks(b"5"))] == [b"5"]
        assert echo.authorisations == ["Bearer secret"] * 4


async def test_without_a_token_none_is_sent_and_other_metadata_passes() -> None:
    async with echoing() as echo, open_channel(echo.address) as channel:
        call = channel.unary_unary("/echo.Echo/UnaryUnary")
        await call(b"1")
        await call(b"1", metadata=(("authorization", "of the caller's own"),))
        assert echo.authorisations == [None, "of the caller's own"]


async def test_calls_in_quick_succession_share_a_connection() -> None:
    clock = Clock()
    async with echoing() as echo, CoordinatorChannel(echo.address, clock=clock) as channel:
        call = channel.unary_unary("/echo.Echo/UnaryUnary")
        for _ in range(3):
            await call(b"1")
            clock.now += 59
        assert len(set(echo.peers)) == 1


async def test_after_a_pause_the_next_call_connects_anew() -> None:
    clock = Clock()
    async with echoing() as echo, CoordinatorChannel(echo.address, clock=clock) as channel:
        call = channel.unary_unary("/echo.Echo/UnaryUnary")
        await call(b"1")
        clock.now += 61
        await call(b"1")
        assert len(set(echo.peers)) == 2


async def test_a_call_under_way_keeps_its_connection_over_a_pause() -> None:
    clock = Clock()
    async with echoing() as echo, CoordinatorChannel(echo.address, clock=clock) as channel:
        stream = channel.stream_stream("/echo.Echo/StreamStream")()
        await stream.write(b"1")
        assert await stream.read() == b"1"
        clock.now += 61
        await channel.unary_unary("/echo.Echo/UnaryUnary")(b"1")
        await stream.write(b"2")
        assert await stream.read() == b"2"
        assert len(set(echo.peers)) == 1
        stream.cancel()


async def test_a_channel_made_outside_works_on_one_event_loop_after_another() -> None:
    async with echoing() as echo:
        channel = open_channel(echo.address)
        call = channel.unary_unary("/echo.Echo/UnaryUnary")

        async def twice() -> bytes:
            return bytes(await call(b"1")) + bytes(await call(b"2"))

        answers: list[bytes] = []
        for _ in range(3):
            thread = threading.Thread(target=lambda: answers.append(asyncio.run(twice())))
            thread.start()
            await asyncio.to_thread(thread.join)
        assert answers == [b"12"] * 3
        assert len(set(echo.peers)) == 3


async def test_a_channel_may_be_used_again_after_it_was_closed() -> None:
    async with echoing() as echo:
        channel = open_channel(echo.address)
        call = channel.unary_unary("/echo.Echo/UnaryUnary")
        await call(b"1")
        await channel.close()
        await call(b"1")
        await channel.close()
        assert len(set(echo.peers)) == 2


async def test_several_addresses_take_turns() -> None:
    async with echoing() as one, echoing() as other:
        channel = open_channel(f"{one.address},{other.address}")
        call = channel.unary_unary("/echo.Echo/UnaryUnary")
        async with asyncio.timeout(10):
            while not (one.peers and other.peers):
                await call(b"1")
        await channel.close()


async def test_when_one_of_several_addresses_is_dead_the_other_answers() -> None:
    async with echoing() as echo:
        channel = open_channel(f"127.0.0.1:1,{echo.address}")
        call = channel.unary_unary("/echo.Echo/UnaryUnary")
        for _ in range(10):
            await call(b"1")
        await channel.close()


async def test_where_nobody_listens_the_coordinator_is_unreachable_within_the_time_limit() -> None:
    async with open_channel("127.0.0.1:1") as channel:
        before = asyncio.get_running_loop().time()
        with pytest.raises(CoordinatorUnreachable):
            await Producer(channel).get_job("ada", "j1", timeout_seconds=1)
        assert asyncio.get_running_loop().time() - before < 2


async def test_a_stream_that_its_reader_leaves_is_cancelled_on_the_other_side() -> None:
    async with echoing() as echo, open_channel(echo.address) as channel:
        async with aclosing(read_stream(channel.unary_stream("/echo.Echo/UnaryStream")(b"go on"))) as answers:
            assert await anext(answers) == b"go on"
        await eventually(lambda: echo.ended_streams == 1)


async def test_a_stream_that_breaks_off_gives_what_came_and_then_its_error() -> None:
    async with echoing() as echo, open_channel(echo.address) as channel:
        answers = read_stream(channel.unary_stream("/echo.Echo/UnaryStream")(b"break off"))
        assert [await anext(answers), await anext(answers)] == [b"break off"] * 2
        with pytest.raises(CoordinatorUnreachable, match="gone"):
            await anext(answers)


def endless(first: bytes) -> AsyncGenerator[bytes, None]:
    async def generate() -> AsyncGenerator[bytes, None]:
        yield first
        while True:
            yield b"x" * 1_000_000

    return generate()


async def test_a_stream_that_is_answered_early_ends_with_the_answer() -> None:
    async with echoing() as echo, open_channel(echo.address) as channel:
        for _ in range(20):
            method = channel.stream_unary("/echo.Echo/StreamUnary")
            assert await asyncio.wait_for(send_stream(method, endless(b"answer"), None), 5) == b"answer"


async def test_a_stream_that_is_refused_early_ends_with_the_refusal() -> None:
    async with echoing() as echo, open_channel(echo.address) as channel:
        for _ in range(20):
            method = channel.stream_unary("/echo.Echo/StreamUnary")
            with pytest.raises(CoordinatorError, match="enough"):
                await asyncio.wait_for(send_stream(method, endless(b"refuse"), None), 5)


async def test_an_error_of_the_sender_comes_out_as_it_is_and_ends_the_call() -> None:
    async def breaking() -> AsyncGenerator[bytes, None]:
        yield b"1"
        raise OSError("the disk is gone")

    async with echoing() as echo, open_channel(echo.address) as channel:
        with pytest.raises(OSError, match="the disk is gone"):
            await send_stream(channel.stream_unary("/echo.Echo/StreamUnary"), breaking(), None)
