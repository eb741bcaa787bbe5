"""The attendant: waits for cards, receives them one after another, and closes the kiosk when told.

It owns the rule that a visit belongs to one presence of one card. A journey is never cancelled:
when its person goes, the screen changes at once and the journey runs on, unseen, to its next `ask`.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any

from cardio.reader import Presence, Reader, State
from kiosk.audit import Detail, Event, Outcome, Subject
from kiosk.dialogue import Abandoned, Conversation, Gone, Stage
from kiosk.hold import Hold
from kiosk.incidents import redacted
from kiosk.journeys.reception import receive
from kiosk.letters import NoticeKind
from kiosk.outage import SHUT
from kiosk.refusals import OutOfService, Why
from kiosk.service import Service
from kiosk.steps import Attract, Closed, OneMoment, Patience, Scene, SeeRA, TakeCard
from kiosk.storage.database import StoreUnavailable
from kiosk.visit import Known, new_reference
from kiosk.watch import Watch

log = logging.getLogger(__name__)

EXIT_OK = 0
EXIT_START_AGAIN = 75  # EX_TEMPFAIL: the supervisor starts the kiosk again
SWEEP = 60.0  # seconds between two looks for what can be erased, while nobody is there
TEND = 3600.0  # seconds between two looks for what is due daily, likewise
LOOK_AGAIN = 2.0  # seconds between two looks at store and clock while nobody is there
GUARD = 1.0  # and during a visit
CUT_OFF = 60.0  # seconds in which it is said that a card was taken out too early


class Attendant:
    """Runs the kiosk's front: attract, journey, take your card, attract."""

    def __init__(self, stage: Stage, reader: Reader, service: Service, watch: Watch, hold: Hold) -> None:
        self._stage = stage
        self._reader = reader
        self._service = service
        self._watch = watch
        self._hold = hold
        self._hold.restart = self._start_again
        self._exit_code = EXIT_OK
        self._closing = asyncio.Event()
        self._conversation: Conversation | None = None
        self._scene: Scene | None = None
        self._stays = 0  # of staff, when it was shown
        self._next_sweep = self._next_tending = self._cut_off_until = 0.0
        self._sweeping: asyncio.Task[None] | None = None

    def close(self) -> None:
        """Ask the attendant to end: a journey ends at its next question, a card write is waited for."""
        self._closing.set()
        if self._conversation is not None:
            self._conversation.end(Gone.CLOSING)

    def _start_again(self) -> None:
        self._exit_code = EXIT_START_AGAIN
        self.close()

    async def run(self) -> int:
        """Receive cards until closed. Returns the exit code of the process."""
        postman = asyncio.create_task(self._service.notices.run(), name="notices")
        try:
            await self._record(Event.KIOSK_STARTED)
            code = await self._receive_cards()
            if self._sweeping is not None:
                await self._sweeping  # before the last event
            await self._record(Event.KIOSK_STOPPED)
            return code
        finally:
            self._service.notices.stop()
            await self._watch.leave()
            await postman

    async def _receive_cards(self) -> int:
        received = 0  # the insertion that has had its visit
        while not self._closing.is_set():
            presence = self._reader.presence
            if presence.state is State.BROKEN:
                return EXIT_START_AGAIN
            if self._hold.taken():
                await self._give_way()
                continue
            closed = await self._out_of_service(presence)
            if self._hold.taken():  # meanwhile
                continue
            if closed is not None:
                self._show(self._closed(closed, presence))
            elif presence.state is State.EMPTY:
                self._show(self._attract())
                self._tidy()
            elif presence.insertion > max(received, self._hold.spent):
                received = presence.insertion
                await self._visit(presence)
                continue
            else:  # a card whose visit the store has ended
                self._show(TakeCard(timed_out=False))
            await self._wait_for_change(presence, LOOK_AGAIN)
        return self._exit_code

    async def _give_way(self) -> None:
        """Begin nothing while staff have the kiosk."""
        while self._hold.taken() and not self._closing.is_set():
            await self._watch.look("staff")
            await self._first_of(self._hold.until_free(), self._closing.wait(), seconds=LOOK_AGAIN)

    def _closed(self, why: OutOfService, presence: Presence) -> Closed:
        note = self._watch.note if why is OutOfService.TECHNICIAN else ""
        return Closed(why, card_in=presence.state is State.CARD, note=note)

    def _tidy(self) -> None:
        """Sweep beside the rest: a store that hangs must not keep the screen from saying so."""
        if self._sweeping is None or self._sweeping.done():
            if self._sweeping is not None:
                self._sweeping.result()  # what nobody expected is not passed over
            self._sweeping = asyncio.create_task(self._sweep(), name="sweep")

    async def _sweep(self) -> None:
        """Erase about once a minute what nobody came back for, and now and then do what is due daily."""
        now = asyncio.get_running_loop().time()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP
            with suppress(StoreUnavailable):
                await self._service.pendings.sweep()
                await self._service.store.database.forget_the_rest()
        if now >= self._next_tending and isinstance(self._scene, Attract):  # and not closed meanwhile
            self._next_tending = now + TEND
            await self._service.retention.tend()
            await self._service.report_mail.tend()

    def _show(self, scene: Scene) -> None:
        if scene != self._scene or self._hold.stays != self._stays:
            self._scene, self._stays = scene, self._hold.stays
            self._stage.show(scene)

    async def _wait_for_change(self, seen: Presence, seconds: float | None) -> None:
        """Until the reader sees something else, staff come, the kiosk is closed, or the time is over."""
        changed, taken = self._reader.changed(seen), self._hold.until_taken()
        await self._first_of(changed, taken, self._closing.wait(), seconds=seconds)

    async def _first_of(self, *events: Coroutine[Any, Any, object], seconds: float | None) -> None:
        """Until one of them happens, or the time is over."""
        waiting = {asyncio.create_task(event) for event in events}
        try:
            await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()

    async def _out_of_service(self, presence: Presence) -> OutOfService | None:
        trouble = SHUT.get(presence.state)
        if trouble is None:
            return await self._watch.look("waiting")
        self._show(Closed(trouble))  # at once: a store that hangs would take its time
        await self._watch.look(trouble.value)  # all the same, or the fleet would not hear of it
        return trouble

    async def _visit(self, presence: Presence) -> None:
        """Receive one card; returns when its journey has ended and the card is out."""
        self._hold.serving = True
        try:
            await self._receive(presence)
        finally:
            self._hold.serving = False

    async def _receive(self, presence: Presence) -> None:
        reference = new_reference()
        self._scene, self._cut_off_until = None, 0.0
        conversation = self._conversation = Conversation(self._stage)
        holder: list[Known] = []
        journey = asyncio.create_task(
            self._journey(reference, presence, conversation, holder), name=f"visit {reference}"
        )
        seen = presence
        guard = asyncio.create_task(self._guard(reference, conversation), name="guard")
        while not journey.done():
            change = asyncio.create_task(self._reader.changed(seen), name="presence")
            await asyncio.wait({journey, change}, return_when=asyncio.FIRST_COMPLETED)
            change.cancel()
            if self._reader.presence != seen:
                seen = self._reader.presence
                gone = Gone.CARD_OUT if seen.state.has_reader else Gone.READER
                conversation.end(gone)
                self._note_cut_off(conversation)
                self._show(self._scene_for(seen))
        self._conversation = None
        guard.cancel()
        await journey
        self._note_cut_off(conversation)
        at_end = conversation.step is not None and conversation.step.patience in (Patience.HELP, Patience.END)
        timed_out = conversation.gone is Gone.PATIENCE and not at_end
        if conversation.gone is not Gone.STORE:
            await self._until_card_out(presence, timed_out, holder[0] if holder else None)

    async def _guard(self, reference: str, conversation: Conversation) -> None:
        """End a visit that nothing of could be recorded: the store is away, and was a moment ago too."""
        before: OutOfService | None = None
        while conversation.gone is None:
            await asyncio.sleep(GUARD)
            found = await self._watch.look("visit")
            if found not in (None, OutOfService.TECHNICIAN) and found is before and conversation.gone is None:
                log.warning("visit %s ended: out of service, %s", reference, found.value)
                self._end_for(conversation, found)
            before = found

    def _end_for(self, conversation: Conversation, why: OutOfService) -> None:
        if conversation.gone is None:
            conversation.end(Gone.STORE)
            self._show(Closed(why, card_in=True))

    def _scene_for(self, presence: Presence) -> Scene:
        if (trouble := SHUT.get(presence.state)) is not None:
            return Closed(trouble)
        return self._attract() if presence.state is State.EMPTY else OneMoment()

    def _note_cut_off(self, conversation: Conversation) -> None:
        """Where a card was taken out after a write of which nothing was told but that it failed."""
        step, before = conversation.step, conversation.written_after
        failed = isinstance(step, SeeRA) and step.why is Why.PUT_BACK
        if before is not None and (step is before or failed) and conversation.gone is Gone.CARD_OUT:
            self._cut_off_until = asyncio.get_running_loop().time() + CUT_OFF

    def _attract(self) -> Attract:
        return Attract(cut_off=asyncio.get_running_loop().time() < self._cut_off_until)

    async def _journey(
        self, reference: str, presence: Presence, conversation: Conversation, holder: list[Known]
    ) -> None:
        """Run the journey to its end, whatever that is. Raises nothing."""
        begun = asyncio.get_running_loop().time()
        try:
            try:
                if presence.state is State.MUTE:
                    await conversation.ask(SeeRA(why=Why.UNREADABLE, reference=reference))
                else:
                    await receive(reference, presence.insertion, conversation, self._service, holder.append)
            except Abandoned:
                raise
            except StoreUnavailable as error:
                log.error("visit %s: the store is not available (%s)", reference, error)
                self._end_for(conversation, OutOfService.STORE)
                raise Abandoned(Gone.STORE) from None
            except Exception as error:
                log.error("visit %s: incident\n%s", reference, redacted(error))
                await self._record(Event.INCIDENT, reference, Outcome.FAILED, type(error).__name__)
                await conversation.ask(SeeRA(why=Why.UNEXPECTED, reference=reference))
            ended = "complete"
        except Abandoned as gone:
            if gone.reason is Gone.READER:
                log.warning("visit %s ended: the reader is gone", reference)
            conversation.end(gone.reason)
            ended = gone.reason.value
        await self._record(
            Event.VISIT_ENDED,
            reference,
            reason=ended,
            known=holder[0] if holder else None,
            seconds=round(asyncio.get_running_loop().time() - begun),
            organisation=self._service.settings.site.organisation,
        )

    async def _until_card_out(self, presence: Presence, timed_out: bool, holder: Known | None) -> None:
        """Ask for the card; no journey begins with it until it has been out and in again."""
        if self._reader.presence != presence or self._closing.is_set():
            return
        self._show(TakeCard(timed_out=timed_out))
        await self._wait_for_change(presence, self._service.settings.patience.card_left_in)
        if self._reader.presence == presence and not self._closing.is_set():
            await self._tell_card_left_in(holder)
            await self._wait_for_change(presence, None)

    async def _tell_card_left_in(self, holder: Known | None) -> None:
        with suppress(StoreUnavailable):  # they may have registered, or changed their address, just now
            holder = holder and await self._service.holders.find(holder.id)
        if holder is None or not holder.registered:
            return
        about = Subject(holder.holder_key, holder.card_key, selftest=holder.selftest)
        with suppress(StoreUnavailable):
            async with self._service.store.work() as session:
                self._service.store.audit.record(session, Event.CARD_LEFT_IN, about)
                await self._service.notices.queue(
                    session, NoticeKind.CARD_LEFT_IN, holder, holder.email, self._stage.language
                )

    async def _record(
        self,
        event: Event,
        reference: str = "",
        outcome: Outcome = Outcome.OK,
        reason: str = "",
        known: Known | None = None,
        **detail: Detail,
    ) -> None:
        about = Subject(visit=reference)
        if known is not None:
            about = Subject(known.holder_key, known.card_key, reference, selftest=known.selftest)
        try:
            await self._service.store.record(event, about, outcome, reason, **detail)
        except StoreUnavailable:
            log.error("not in the audit trail, the store is away: %s %s", event.value, reference)
