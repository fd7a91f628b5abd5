"""What monitoring reads of the server's parts."""

from iot_facerecognition_server.assembly.limits import limit_readings
from iot_facerecognition_server.assembly.networks import Networks
from iot_facerecognition_server.assembly.serving import Serving
from iot_facerecognition_server.config import Config
from iot_facerecognition_server.fleet.keeper import FleetKeeper
from iot_facerecognition_server.gallery.keeper import GalleryKeeper
from iot_facerecognition_server.observability import catalogue
from iot_facerecognition_server.observability.limits import LimitCollector
from iot_facerecognition_server.observability.monitoring import Monitoring


def show(
    *,
    config: Config,
    monitoring: Monitoring,
    networks: Networks,
    gallery: GalleryKeeper,
    fleet: FleetKeeper,
    serving: Serving,
) -> None:
    """Expose what the server works with, how much of it waits, and how near its limits are."""
    faces, scheduler = networks.faces, serving.scheduler
    monitoring.show_info(
        catalogue.ENGINE_INFO,
        device=networks.device,
        asked=config.engine.device,
        precision=str(faces.precision),
    )
    monitoring.show_models({"faces": faces.weights_hash, "objects": networks.objects.weights_hash})
    monitoring.show(fleet)
    monitoring.read(
        {
            catalogue.GALLERY_PEOPLE: lambda: len(gallery.gallery.people),
            catalogue.GALLERY_REFERENCES: lambda: len(gallery.gallery),
            catalogue.FRAMES_WAITING: lambda: scheduler.waiting,
            catalogue.FRAMES_UNDER_WAY: lambda: scheduler.under_way,
            catalogue.OBJECTS_UNDER_WAY: lambda: serving.dispatcher.objects_under_way,
        }
    )
    readings = limit_readings(config, serving.admission, serving.server)
    monitoring.registry.register(LimitCollector(readings))
