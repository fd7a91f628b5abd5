/* A small libnvidia-ml.so.1 for machines without a GPU: what the server's metrics of GPUs are read
 * from in the lab. Functions, arguments and return codes are those of NVIDIA's nvml.h.
 *
 * Two devices: a whole one under changing load, and a MIG slice, which tells neither load nor power.
 *
 *   cc -shared -fPIC -o libnvidia-ml.so.1 nvml.c
 */
#include <string.h>
#include <time.h>

enum { SUCCESS = 0, UNINITIALIZED = 1, INVALID_ARGUMENT = 2, NOT_SUPPORTED = 3, INSUFFICIENT_SIZE = 7 };

struct device {
    const char *name;
    int whole;
    unsigned long long memory;
};
typedef struct device *device_t;
struct utilization {
    unsigned int gpu, memory;
};
struct memory {
    unsigned long long total, free, used;
};

static struct device devices[] = {
    {"NVIDIA H200", 1, 150754820096ULL},
    {"NVIDIA H200 MIG 1g.18gb", 0, 18790481920ULL},
};
#define COUNT (sizeof devices / sizeof *devices)
static int ready;

static int known(device_t device)
{
    if (!ready)
        return UNINITIALIZED;
    return device >= devices && device < devices + COUNT ? SUCCESS : INVALID_ARGUMENT;
}

static int text(char *place, unsigned int size, const char *value)
{
    if (strlen(value) >= size)
        return INSUFFICIENT_SIZE;
    strcpy(place, value);
    return SUCCESS;
}

int nvmlInitWithFlags(unsigned int flags)
{
    if (flags)
        return INVALID_ARGUMENT;
    ready = 1;
    return SUCCESS;
}

int nvmlSystemGetDriverVersion(char *version, unsigned int size)
{
    return ready ? text(version, size, "580.65.06") : UNINITIALIZED;
}

int nvmlDeviceGetCount_v2(unsigned int *count)
{
    *count = COUNT;
    return ready ? SUCCESS : UNINITIALIZED;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned int index, device_t *device)
{
    if (index >= COUNT)
        return INVALID_ARGUMENT;
    *device = devices + index;
    return known(*device);
}

int nvmlDeviceGetName(device_t device, char *name, unsigned int size)
{
    int code = known(device);
    return code ? code : text(name, size, device->name);
}

int nvmlDeviceGetUtilizationRates(device_t device, struct utilization *rates)
{
    int code = known(device);
    if (code)
        return code;
    if (!device->whole)
        return NOT_SUPPORTED;
    rates->gpu = 40 + time(NULL) % 20;
    rates->memory = 7;
    return SUCCESS;
}

int nvmlDeviceGetMemoryInfo(device_t device, struct memory *memory)
{
    int code = known(device);
    if (code)
        return code;
    memory->total = device->memory;
    memory->used = device == devices ? device->memory / 4 : device->memory / 100 * 97;
    memory->free = memory->total - memory->used;
    return SUCCESS;
}

int nvmlDeviceGetTemperature(device_t device, int sensor, unsigned int *degrees)
{
    int code = known(device);
    if (code)
        return code;
    if (sensor != 0)
        return INVALID_ARGUMENT;
    *degrees = 41;
    return SUCCESS;
}

int nvmlDeviceGetPowerUsage(device_t device, unsigned int *milliwatts)
{
    int code = known(device);
    if (code)
        return code;
    if (!device->whole)
        return NOT_SUPPORTED;
    *milliwatts = 412500;
    return SUCCESS;
}
