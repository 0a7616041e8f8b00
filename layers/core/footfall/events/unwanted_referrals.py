"""Hosts that send visitors back and never brought one: payment providers, 3-D Secure and sign-in pages.

What Google Analytics calls unwanted referrals (https://support.google.com/analytics/answer/10327750) and leaves to each
shop to list. No list of them is kept well in public; this one was put together from the providers' documentation of
their redirects and of what a content security policy has to allow (for example https://docs.stripe.com/security/guide,
https://docs.adyen.com/online-payments/, https://developer.paypal.com/, https://docs.klarna.com/). A shop adds others
as its `own_domains`.
"""

import re
from functools import lru_cache

NAMED = """
2c2p 2checkout adyen affirm afterpay airwallex alipay alipayobjects apcopay arcot authorizenet axerve bancontact
bankid barclaycard barion billdesk billplz bitpay blackhawknetwork bluesnap braintree-api braintreegateway
braintreepayments buckaroo cardconnect cardinalcommerce cashfree ccavenue chargebee clearpay cloudpayments coingate
comgate computop concardis conekta convergepay cybersource datatrans dibspayment dlocal docdatapayments dotpay
dragonpay easebuzz ebanx elavon epay euplatesc eway ewaypayments fastspring finix firstdata flutterwave flywire
fondy forter gestpay getalma getnet giropay globalpaymentsinc globalpay gocardless gopay heidelpay hipay hipay-tpp
hyperpay ifthenpay ingenico instamojo ipay88 ipayment iyzico iyzipay juspay khipu klarna komoju kueskipay laybuy
lemonway liqpay mangopay mercadopago merchante-solutions midtrans mobilepay mobilpay modirum mollie molpay
monetico-services moneris moneybookers monext multisafepay myfatoorah neteller netopia-payments nexigroup
nowpayments ogone omise opayo oppwa ozow pagar pagbank pagseguro paydirekt payconiq payex payeezy payfast payfort
payjunction paylib paymaya paymentexpress paymentsense paymentus paymentwall paymill paymob paynow payone payoneer
paypal paypalobjects payplug paysafe paysafecard paysera paystack paysystem paytabs paytm paytr paytrace paytrail
payu payuindia payulatam payway payzen peachpayments pesapal phonepe pinpayments planetpayment polipayments
przelewy24 quickpay quadpay ratepay razorpay realexpayments recurly redsys revolut robokassa rsa3dsauth sagepay
saferpay satispay scalapay securesuite securetrading segpay sequra sermepa sezzle simplepay skrill splitit
squareup stripe sumup swedbankpay systempay sofortueberweisung tenpay thepay touchnet tpay transbank truelayer
trustly trustpayments twikey unionpay unzer usaepay vantiv venmo verifiedbyvisa verifone vindicia vipps
vivapayments vivawallet vnpayment vpos walletconnect wayforpay webmoney webpay wibmo windcave wirecard wompi
worldline worldpay wepay xendit yapily yookassa yoomoney zaypay
auth0 b2clogin amazoncognito okta oktapreview onelogin
"""
NAMES = frozenset(NAMED.split())
"""Parts of a host that are the name of nobody else: paypal.com, www.paypal.de, com.paypal.android.p2pmobile."""
HOSTED = """
95516.com alma.eu amazonpay.com apple-pay-gateway.apple.com authorize.net billie.io blik.com bolt.com
breadpayments.com cash.app checkout.com checkout.fi cielo.com.br collector.se commerce.coinbase.com doku.com
e-transactions.fr easypay.pt fiuu.com humm.com humm-au.com ideal.nl latitudepay.com link.com lyra.com momo.vn
nets.eu nexi.it oney.com oney.fr openpay.mx paddle.com pagopa.it pagopa.gov.it pay.nl paybox.com payments.amazon.com
pin.net.au plaid.com postfinance.ch qiwi.com securepay.com.au shop.app six-payment-services.com sofort.com
square.link svea.com swish.nu synchrony.com tabby.ai tamara.co tap.company telr.com tink.com twint.ch viva.com
walley.se wise.com yoco.com zip.co 3dsecure.io
accounts.google.com accounts.youtube.com appleid.apple.com idmsa.apple.com login.gov login.live.com
login.microsoftonline.com login.windows.net microsoftonline.com login.yahoo.com accounts.kakao.com kauth.kakao.com
nid.naver.com access.line.me oauth.vk.com id.vk.com passport.yandex.ru passport.yandex.com oauth.telegram.org
id.twitch.tv accounts.spotify.com clerk.accounts.dev clerk.com stytch.com workos.com shib.okta.com
signin.aws.amazon.com account.amazon.com eid.dk mitid.dk nemlog-in.dk itsme.be franceconnect.gouv.fr spid.gov.it
digid.nl verimi.de yes.com
"""
HOSTS = frozenset(HOSTED.split())
"""Hosts, each with what is under it, whose name alone would fit others too."""
PURPOSE = re.compile(
    r"(?:\w{1,6}-)?(?:3-?ds?|3-?d-?secure|threeds|acs|securecode|pay|payments?|epayments?|onlinepay\w*|secure-?pay\w*|checkout|"
    r"log-?in|sign-?in|auth|oauth|sso|idp|accounts?|identity)\d*(?:-\w{1,7})*\."
)
"""How a host under another begins whose only purpose it is: acs2.bank.example, checkout.provider.example."""
AMAZON = "com de co.uk fr it es nl se pl ca com.au co.jp in"
PATHS = {
    "facebook.com": re.compile(r"/(?:v[\d.]+/)?(?:dialog/oauth|login|oauth)"),
    "twitter.com": re.compile(r"/(?:i/)?oauth"),
    "x.com": re.compile(r"/(?:i/)?oauth"),
    "linkedin.com": re.compile(r"/(?:oauth|uas|checkpoint)"),
    "github.com": re.compile(r"/(?:login|session)"),
    "discord.com": re.compile(r"/(?:login|oauth2|api/oauth2)"),
    "reddit.com": re.compile(r"/api/v1/authorize"),
    "instagram.com": re.compile(r"/oauth"),
    "tiktok.com": re.compile(r"/(?:v\d/)?(?:auth|platform/oauth)"),
    **{f"amazon.{end}": re.compile(r"/ap/") for end in AMAZON.split()},
}
"""Sites that bring visitors and sign them in too, by the beginnings of the paths of the latter."""


@lru_cache(maxsize=4096)
def is_unwanted(host: str, path: str) -> bool:
    """Returns whether a page only sends visitors back to where they came from; the host in small letters."""
    parts = host.split(".")
    if not NAMES.isdisjoint(parts) or (len(parts) > 2 and PURPOSE.match(host)):
        return True
    whole = [".".join(parts[place:]) for place in range(len(parts) - 1)]
    return not HOSTS.isdisjoint(whole) or any(each in PATHS and PATHS[each].match(path) for each in whole)
