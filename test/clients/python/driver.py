"""Calls Google's client libraries for Python on behalf of the suite.

Reads one JSON object a line, {"do", "method", "params", "body"}, and answers each with one: {"answer"}, {"error"} when
the API refused, or {"fault"} when the library itself failed. See caller.ts for what the words mean.

Usage: driver.py (gapic | discovery) REST_URL MONITORING_HOST_PORT PROJECT
"""

import json
import sys
import traceback

from google.api_core.exceptions import GoogleAPICallError
from googleapiclient.errors import HttpError


def refusal_of(error):
    """The API's refusal in the suite's words, or None when the library itself failed."""
    if isinstance(error, GoogleAPICallError) and error.code is not None:
        reasons = [each.get("reason") for each in error.errors if isinstance(each, dict)]
        return {"status": int(error.code), "reason": next(iter(reasons), None), "message": str(error)}
    if isinstance(error, HttpError):
        details = error.error_details if isinstance(error.error_details, list) else []
        reason = details[0].get("reason") if details else None
        return {"status": int(error.resp.status), "reason": reason, "message": str(error)}
    return None


def answer_to(libraries, request):
    library = libraries[request["method"].split(".")[0]]
    act = getattr(library, request["do"])
    try:
        return {"answer": act(request["method"].split(".")[1:], request["params"], request.get("body"))}
    except Exception as error:  # noqa: BLE001: whatever a library throws belongs in the report
        refusal = refusal_of(error)
        return {"error": refusal} if refusal else {"fault": traceback.format_exc()}


def main():
    kind, rest, monitoring, project = sys.argv[1:]
    if kind == "discovery":
        from discovery import libraries_at
    else:
        from gapic import libraries_at
    libraries = libraries_at(rest, monitoring, project)
    print(json.dumps({"answer": "ready"}), flush=True)
    for line in sys.stdin:
        print(json.dumps(answer_to(libraries, json.loads(line))), flush=True)


main()
