"""Which screen draws what: one line for each step, and for each scene."""

from __future__ import annotations

from typing import Any

from kiosk import steps
from kiosk.steps import Scene, Step
from screens import scenes
from screens.answers import AnswerQuestionsScreen
from screens.choosing import (
    ChooseDetailScreen,
    ChooseProofScreen,
    CodeNotSentScreen,
    ConfirmWithdrawScreen,
    LastTryScreen,
    WelcomeScreen,
)
from screens.code import AssistanceScreen, CodeScreen
from screens.email import ConfirmEmailScreen
from screens.ends import FinishedScreen, SeeRAScreen
from screens.passcodes import NewPasscodeScreen, PasscodeScreen
from screens.privacy import PrivacyScreen
from screens.questions import SetQuestionsScreen
from screens.spelled import SpelledPasscodeScreen, is_spelled
from screens.step import StepScreen

STEP_VIEWS: dict[type[Step[Any]], type[StepScreen[Any, Any]]] = {
    steps.Welcome: WelcomeScreen,
    steps.SeeRA: SeeRAScreen,
    steps.Privacy: PrivacyScreen,
    steps.EnterPasscode: PasscodeScreen,
    steps.LastTry: LastTryScreen,
    steps.SetQuestions: SetQuestionsScreen,
    steps.ConfirmEmail: ConfirmEmailScreen,
    steps.EnterCode: CodeScreen,
    steps.CodeNotSent: CodeNotSentScreen,
    steps.AnswerQuestions: AnswerQuestionsScreen,
    steps.EnterAssistance: AssistanceScreen,
    steps.NewPasscode: NewPasscodeScreen,
    steps.ChooseProof: ChooseProofScreen,
    steps.ChooseDetail: ChooseDetailScreen,
    steps.ConfirmWithdraw: ConfirmWithdrawScreen,
    steps.Finished: FinishedScreen,
}


def view_of(step: Step[Any]) -> type[StepScreen[Any, Any]]:
    """The screen for a step: its own, but for passcodes that do not fit into slots."""
    if isinstance(step, steps.EnterPasscode) and is_spelled(step.format):
        return SpelledPasscodeScreen
    return STEP_VIEWS[type(step)]


SCENE_VIEWS: dict[type[Scene], type[scenes.SceneScreen[Any]]] = {
    steps.Attract: scenes.AttractScreen,
    steps.OneMoment: scenes.OneMomentScreen,
    steps.TakeCard: scenes.TakeCardScreen,
    steps.Closed: scenes.ClosedScreen,
}
