"""What customers are expected to do, as answers show it: lifetime values and chances of churn, with what says so."""

from datetime import date
from typing import Literal

from pydantic import BaseModel, Field

from footfall.models.registry import in_use
from footfall.money import major_units
from footfall.schemas.customer import ChurnFeature, ClvCategory, CustomerDocument, RiskLevel
from footfall.schemas.customer import ChurnReason as StoredReason
from footfall.schemas.model import ChurnDetails, LifetimeDetails
from footfall.stores.mongo import database

IN_MONEY: frozenset[ChurnFeature] = frozenset({"net_revenue_per_purchase"})
TEXTS: dict[ChurnFeature, str] = {
    "days_since_purchase": "{:g} days since the last purchase",
    "days_since_first_purchase": "{:g} days since the first purchase",
    "purchases": "{:g} days with a purchase in all",
    "times_overdue": "away {:g} times as long as usual between purchases",
    "purchases_lately": "{:g} days with a purchase lately",
    "net_revenue_per_purchase": "{:g} a purchase, net of refunds",
    "refund_rate": "{:.0%} of the revenue was given back",
    "days_since_visit": "{:g} days since the last visit",
    "visits_lately": "{:g} visits lately",
    "pages_lately": "{:g} pages viewed lately",
    "carts_lately": "{:g} products put into the cart lately",
    "checkouts_left_lately": "{:g} days lately on which the checkout was left without an order",
    "complaints_lately": "{:g} negative texts of feedback lately",
}
NO_MODEL = "no training of 0.1.0 or later has been published yet"

Probability = Field(description="From 0 to 1; null where the shop is too small for a model", examples=[0.8127])
PredictedClv = Field(
    description="What the customer is expected to bring within a year after `as_of`, net of refunds", examples=[214.5]
)


class ShortForecast(BaseModel):
    """What is expected of a customer in a list; all null until a training of 0.1.0 has found it."""

    predicted_clv: float | None = PredictedClv
    clv_category: ClvCategory | None = Field(
        description="`high` for the fifth of all customers of whom most is expected, `low` for the two fifths of whom"
        " least is; equal values share a category"
    )
    churn_probability: float | None = Field(
        description="How likely the customer is not to buy within the horizon that /api/churn/predictions tells, from 0"
        " to 1; null where the shop is too small for a model",
        examples=[0.8127],
    )
    churn_risk_level: RiskLevel | None = Field(description="`high` from 2/3 on, `low` below 1/3")


class Degraded(BaseModel):
    """Whether figures are of the model that is the first choice."""

    degraded: bool = Field(description="They are of a simpler one, or there is none")
    reason: str | None = Field(description="Why", examples=["fewer than 100 customers"])


class LifetimeValue(BaseModel):
    """What a customer is expected to bring."""

    predicted_clv: float | None = PredictedClv
    predicted_clv_low: float | None = Field(
        description="In nine cases of ten it is no less than this, as far as chance goes; null without a model"
    )
    predicted_clv_high: float | None = Field(description="Nor more than this")
    clv_category: ClvCategory | None = Field(description="As in /api/customers")
    p_alive: float | None = Field(
        description="How likely they are to be a customer still, from 0 to 1, which is no chance of churn; null where"
        " no model can tell"
    )
    next_purchase: date | None = Field(
        description="Until this day they are as likely as not to buy again; null where that is not within a year"
    )

    @classmethod
    def of(cls, customer: CustomerDocument) -> "LifetimeValue":
        """Returns what training found of a customer."""
        currency, due = customer["currency"], customer.get("next_purchase_on")
        return cls(
            predicted_clv=_money(customer.get("predicted_clv"), currency),
            predicted_clv_low=_money(customer.get("predicted_clv_low"), currency),
            predicted_clv_high=_money(customer.get("predicted_clv_high"), currency),
            clv_category=customer.get("clv_category"),
            p_alive=customer.get("p_alive"),
            next_purchase=date.fromisoformat(due) if due else None,
        )


class ChurnReason(BaseModel):
    """Something about a customer that moves their chance of churn."""

    feature: ChurnFeature = Field(description="What it is")
    value: float = Field(description="How much of it; money in major units", examples=[212])
    effect: float = Field(
        description="By how much it moves the log-odds to churn, against the median of all customers", examples=[1.31]
    )
    direction: Literal["raises", "lowers"] = Field(description="Which way it moves the chance of churn")
    text: str = Field(description="The same in words", examples=["212 days since the last purchase"])

    @classmethod
    def of(cls, reason: StoredReason, currency: str) -> "ChurnReason":
        """Returns a reason that training found."""
        feature, value = reason["feature"], reason["value"]
        shown = major_units(value, currency) if feature in IN_MONEY else value
        return cls(
            feature=feature,
            value=shown,
            effect=reason["effect"],
            direction="raises" if reason["effect"] > 0 else "lowers",
            text=TEXTS[feature].format(shown) + (f" ({currency})" if feature in IN_MONEY else ""),
        )


class Churn(BaseModel):
    """How likely a customer is not to buy within the horizon."""

    churn_probability: float | None = Probability
    churn_risk_level: RiskLevel | None = Field(description="`high` from 2/3 on, `low` below 1/3")
    explanation: list[ChurnReason] = Field(description="What moves it most, at most three, the strongest first")

    @classmethod
    def of(cls, customer: CustomerDocument) -> "Churn":
        """Returns what training found of a customer."""
        reasons = customer.get("churn_reasons") or []
        return cls(
            churn_probability=customer.get("churn_probability"),
            churn_risk_level=customer.get("churn_risk_level"),
            explanation=[ChurnReason.of(reason, customer["currency"]) for reason in reasons],
        )


def short_forecast(customer: CustomerDocument) -> ShortForecast:
    """Returns what is expected of a customer, as lists show it."""
    return ShortForecast(
        predicted_clv=_money(customer.get("predicted_clv"), customer["currency"]),
        clv_category=customer.get("clv_category"),
        churn_probability=customer.get("churn_probability"),
        churn_risk_level=customer.get("churn_risk_level"),
    )


def lifetime_details(site_id: str) -> LifetimeDetails | None:
    """Returns how the lifetime values in use were found; None before the first."""
    model = in_use(database(), site_id, "lifetime")
    return model["details"].get("lifetime") if model else None


def churn_details(site_id: str) -> ChurnDetails | None:
    """Returns how the chances of churn in use were found; None before the first."""
    model = in_use(database(), site_id, "churn")
    return model["details"].get("churn") if model else None


def degraded(details: LifetimeDetails | ChurnDetails | None) -> Degraded:
    """Returns whether figures are of the model that is the first choice, and if not, why."""
    if details is None:
        return Degraded(degraded=True, reason=NO_MODEL)
    return Degraded(degraded=details["degraded"], reason=details["reason"])


def _money(minor: int | None, currency: str) -> float | None:
    return None if minor is None else major_units(minor, currency)
