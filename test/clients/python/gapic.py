"""google-cloud-compute (REST), google-cloud-monitoring (gRPC: it has no other transport) and google-cloud-dns."""

import inspect
import json
import re
import typing

import grpc
from google.api_core.future import polling
from google.auth.credentials import AnonymousCredentials
from google.cloud import compute_v1, monitoring_v3
from google.cloud.monitoring_v3.services.metric_service.transports import MetricServiceGrpcTransport
from google.protobuf.json_format import MessageToDict

from dns import Dns

OPERATIONS = {
    "zone_operations": compute_v1.ZoneOperationsClient,
    "region_operations": compute_v1.RegionOperationsClient,
    "global_operations": compute_v1.GlobalOperationsClient,
}


def libraries_at(rest, monitoring, project):
    return {"compute": Compute(rest), "dns": Dns(rest, project), "monitoring": Monitoring(monitoring)}


class Gapic:
    """What generated clients have in common."""

    def client(self, resource):
        raise NotImplementedError

    def send(self, method, params, body, suffix=""):
        client = self.client(method[:-1])
        name = snake(method[-1])
        act = getattr(client, name + suffix, None) or getattr(client, name)
        # A body is one field of the request, and a dotted parameter one field of a field.
        request = nested(params)
        kind = request_type(getattr(client, name))
        if body is not None:
            request[body_field(kind)] = body
        return act(request=kind.from_json(json.dumps(request)))

    def call(self, method, params, body):
        return as_json(self.send(method, params, body, "_unary"))

    def list(self, method, params, body):
        return [as_json(item) for item in self.send(method, params, body)]

    def aggregated(self, method, params, body):
        return {scope: as_json(held) for scope, held in self.send(method, params, body)}


class Compute(Gapic):
    def __init__(self, rest):
        self.options = {"credentials": AnonymousCredentials(), "client_options": {"api_endpoint": rest}}
        self.clients = {}

    def client(self, resource):
        name = resource[0]
        if name not in self.clients:
            kind = getattr(compute_v1, f"{name[0].upper()}{name[1:]}Client")
            client = kind(**self.options)
            # Clients of operations that a client makes for itself would ask Google: they inherit no endpoint.
            own = getattr(client.transport, "_extended_operations_services", {})
            own.update({each: operations(**self.options) for each, operations in OPERATIONS.items()})
            self.clients[name] = client
        return self.clients[name]

    def change(self, method, params, body):
        operation = self.send(method, params, body)
        operation.result(timeout=60, retry=polling.DEFAULT_POLLING.with_delay(initial=0.05, maximum=0.5))
        place = {key: params[key] for key in ("project", "zone", "region") if key in params}
        collection = f"{'zone' if 'zone' in params else 'region' if 'region' in params else 'global'}Operations"
        return self.call([collection, "get"], {**place, "operation": operation.name}, None)


class Monitoring(Gapic):
    def __init__(self, address):
        self.metrics = None
        if address != "none":
            transport = MetricServiceGrpcTransport(channel=grpc.insecure_channel(address))
            self.metrics = monitoring_v3.MetricServiceClient(transport=transport)

    def client(self, resource):
        return self.metrics

    def send(self, method, params, body, suffix=""):
        """`projects.timeSeries.list` is `list_time_series`; one descriptor is spelt in the singular."""
        collection, verb = method[1:]
        if collection.endswith("Descriptors") and verb != "list":
            collection = collection[:-1]
        if verb == "create" and collection == "metricDescriptor":
            body = {"metricDescriptor": body}
        return super().send([f"{verb}{collection[0].upper()}{collection[1:]}"], {**params, **(body or {})}, None)

    def call(self, method, params, body):
        return as_json(self.send(method, params, body)) or {}

    change = call


def snake(name):
    return re.sub("([A-Z])", lambda letter: f"_{letter[1].lower()}", name)


def nested(params):
    request = {}
    for name, value in params.items():
        *parts, last = name.split(".")
        owner = request
        for part in parts:
            owner = owner.setdefault(part, {})
        owner[last] = value
    return request


def request_type(act):
    annotation = inspect.signature(act).parameters["request"].annotation
    return next(kind for kind in typing.get_args(annotation) if hasattr(kind, "from_json"))


def body_field(kind):
    return next(field.name for field in kind.pb().DESCRIPTOR.fields if field.name.endswith("_resource"))


def as_json(message):
    if message is None:
        return None
    return MessageToDict(message if not hasattr(type(message), "pb") else type(message).pb(message))
