"""What Pod Security's level "restricted" asks of a pod (Kubernetes documentation, "Pod Security
Standards"), field by field."""

VOLUMES = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim",
           "projected", "secret"}
PROFILES = {"RuntimeDefault", "Localhost"}


def violations(spec):
    """Each field that is not as it must be."""
    for field in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(field):
            yield field
    for volume in spec.get("volumes", []):
        yield from (f"volume {kind}" for kind in set(volume) - {"name"} - VOLUMES)
    pod = spec.get("securityContext", {})
    yield from _shared("pod", pod)
    if pod.get("sysctls"):
        yield "sysctls"
    containers = [it for kind in ("containers", "initContainers", "ephemeralContainers")
                  for it in spec.get(kind, [])]
    for container in containers:
        name, own = container["name"], container.get("securityContext", {})
        yield from _shared(name, own)
        if own.get("privileged"):
            yield f"{name}: privileged"
        if own.get("allowPrivilegeEscalation") is not False:
            yield f"{name}: allowPrivilegeEscalation"
        if own.get("procMount", "Default") != "Default":
            yield f"{name}: procMount"
        capabilities = own.get("capabilities", {})
        if "ALL" not in capabilities.get("drop", []):
            yield f"{name}: capabilities.drop"
        if set(capabilities.get("add", [])) - {"NET_BIND_SERVICE"}:
            yield f"{name}: capabilities.add"
        if own.get("runAsNonRoot", pod.get("runAsNonRoot")) is not True:
            yield f"{name}: runAsNonRoot"
        profile = own.get("seccompProfile", pod.get("seccompProfile", {})).get("type")
        if profile not in PROFILES:
            yield f"{name}: seccompProfile"
        for port in container.get("ports", []):
            if port.get("hostPort"):
                yield f"{name}: hostPort"
        for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
            if container.get(probe, {}).get("httpGet", {}).get("host"):
                yield f"{name}: {probe}.host"


def _shared(name, context):
    if context.get("runAsUser") == 0:
        yield f"{name}: runAsUser"
    if context.get("windowsOptions", {}).get("hostProcess"):
        yield f"{name}: hostProcess"
    for field in ("seLinuxOptions", "appArmorProfile"):
        if context.get(field):
            yield f"{name}: {field}"
