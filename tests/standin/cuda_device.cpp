// SPDX-License-Identifier: Apache-2.0
// Devices, versions and errors of the stand-in. COLLSCALE_STANDIN_GPUS: how many (default 2),
// before CUDA_VISIBLE_DEVICES chooses among them.
#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "cuda_state.hpp"
#include "fault.hpp"

namespace standin {
namespace {

struct ErrorText {
  cudaError_t code;
  const char* name;
  const char* text;
};

// As the runtime words them.
constexpr std::array kErrors = {
    ErrorText{cudaSuccess, "cudaSuccess", "no error"},
    ErrorText{cudaErrorInvalidValue, "cudaErrorInvalidValue", "invalid argument"},
    ErrorText{cudaErrorMemoryAllocation, "cudaErrorMemoryAllocation", "out of memory"},
    ErrorText{cudaErrorInitializationError, "cudaErrorInitializationError", "initialization error"},
    ErrorText{cudaErrorInvalidConfiguration, "cudaErrorInvalidConfiguration",
              "invalid configuration argument"},
    ErrorText{cudaErrorInsufficientDriver, "cudaErrorInsufficientDriver",
              "CUDA driver version is insufficient for CUDA runtime version"},
    ErrorText{cudaErrorInvalidDeviceFunction, "cudaErrorInvalidDeviceFunction",
              "invalid device function"},
    ErrorText{cudaErrorNoDevice, "cudaErrorNoDevice", "no CUDA-capable device is detected"},
    ErrorText{cudaErrorInvalidDevice, "cudaErrorInvalidDevice", "invalid device ordinal"},
    ErrorText{cudaErrorDevicesUnavailable, "cudaErrorDevicesUnavailable",
              "CUDA-capable device(s) is/are busy or unavailable"},
    ErrorText{cudaErrorNoKernelImageForDevice, "cudaErrorNoKernelImageForDevice",
              "no kernel image is available for execution on the device"},
    ErrorText{cudaErrorUnsupportedPtxVersion, "cudaErrorUnsupportedPtxVersion",
              "the provided PTX was compiled with an unsupported toolchain."},
    ErrorText{cudaErrorECCUncorrectable, "cudaErrorECCUncorrectable",
              "uncorrectable ECC error encountered"},
    ErrorText{cudaErrorNvlinkUncorrectable, "cudaErrorNvlinkUncorrectable",
              "uncorrectable NVLink error detected during the execution"},
    ErrorText{cudaErrorInvalidResourceHandle, "cudaErrorInvalidResourceHandle",
              "invalid resource handle"},
    ErrorText{cudaErrorIllegalState, "cudaErrorIllegalState",
              "the operation cannot be performed in the present state"},
    ErrorText{cudaErrorNotReady, "cudaErrorNotReady", "device not ready"},
    ErrorText{cudaErrorIllegalAddress, "cudaErrorIllegalAddress",
              "an illegal memory access was encountered"},
    ErrorText{cudaErrorLaunchOutOfResources, "cudaErrorLaunchOutOfResources",
              "too many resources requested for launch"},
    ErrorText{cudaErrorLaunchTimeout, "cudaErrorLaunchTimeout",
              "the launch timed out and was terminated"},
    ErrorText{cudaErrorLaunchFailure, "cudaErrorLaunchFailure", "unspecified launch failure"},
    ErrorText{cudaErrorPeerAccessAlreadyEnabled, "cudaErrorPeerAccessAlreadyEnabled",
              "peer access is already enabled"},
    ErrorText{cudaErrorMisalignedAddress, "cudaErrorMisalignedAddress", "misaligned address"},
    ErrorText{cudaErrorNotSupported, "cudaErrorNotSupported", "operation not supported"},
    ErrorText{cudaErrorSystemNotReady, "cudaErrorSystemNotReady", "system not yet initialized"},
    ErrorText{cudaErrorStreamCaptureUnsupported, "cudaErrorStreamCaptureUnsupported",
              "operation not permitted when stream is capturing"},
    ErrorText{cudaErrorUnknown, "cudaErrorUnknown", "unknown error"},
};

// After these the context is lost: every later call of the process gives them too.
constexpr std::array kSticky = {cudaErrorIllegalAddress,   cudaErrorLaunchFailure,
                                cudaErrorECCUncorrectable, cudaErrorNvlinkUncorrectable,
                                cudaErrorLaunchTimeout,    cudaErrorMisalignedAddress};

thread_local int device_of_thread = 0;
thread_local int own_calls = 0;
thread_local cudaError_t last_error = cudaSuccess;
std::atomic<cudaError_t> sticky_error = cudaSuccess;

cudaError_t error_named(const std::string& name) {
  for (const ErrorText& error : kErrors) {
    if (error.name == name) return error.code;
  }
  refuse("\"" + name + "\" is not among the stand-in's cudaErrors");
}

const ErrorText* text_of(cudaError_t code) {
  const auto* const found = std::find_if(kErrors.begin(), kErrors.end(),
                                         [&](const ErrorText& each) { return each.code == code; });
  return found == kErrors.end() ? nullptr : found;
}

/// By the process's number of a device: the machine's.
std::vector<int> choose_devices() {
  const long installed = setting("COLLSCALE_STANDIN_GPUS", 2);
  const char* visible = std::getenv("CUDA_VISIBLE_DEVICES");
  std::vector<int> chosen;
  if (visible == nullptr) {
    for (int device = 0; device < installed; ++device) chosen.push_back(device);
    return chosen;
  }
  for (const char* at = visible; *at != '\0';) {
    char* end = nullptr;
    const long index = std::strtol(at, &end, 10);
    // The first that is none hides those that follow.
    if (end == at || index < 0 || index >= installed) break;
    chosen.push_back(static_cast<int>(index));
    at = *end == ',' ? end + 1 : end;
  }
  return chosen;
}

const std::vector<int>& devices() {
  static const std::vector<int> chosen = choose_devices();
  return chosen;
}

unsigned pci_bus(int device) {
  return static_cast<unsigned>(devices()[static_cast<std::size_t>(device)] + 1);
}

bool is_a_device(int device) { return device >= 0 && device < device_count(); }

}  // namespace

int device_count() { return static_cast<int>(devices().size()); }

OwnCalls::OwnCalls() { ++own_calls; }
OwnCalls::~OwnCalls() { --own_calls; }

int current_device() { return device_of_thread; }

cudaError_t finished(cudaError_t status) {
  if (status != cudaSuccess) last_error = status;
  return status;
}

cudaError_t entered(const char* function) {
  if (sticky_error != cudaSuccess) return finished(sticky_error);
  if (own_calls > 0) return cudaSuccess;
  const Fault fault = fault_at(function, device_of_thread);
  switch (fault.kind) {
    case Fault::Kind::error: {
      const cudaError_t error = error_named(fault.error);
      if (std::find(kSticky.begin(), kSticky.end(), error) != kSticky.end()) sticky_error = error;
      return finished(error);
    }
    case Fault::Kind::hang:
      hang();
    case Fault::Kind::slow:
      sleep_us(fault.value);
      break;
    case Fault::Kind::none:
      break;
    default:
      refuse(std::string(function) + ": a CUDA function can have error, hang and slow");
  }
  return cudaSuccess;
}

}  // namespace standin

using standin::entered;
using standin::finished;

extern "C" {

// For the stand-in for NCCL, whose calls are not the program's.
void cudaStandInOwnCalls(int change);
void cudaStandInOwnCalls(int change) { standin::own_calls += change; }

cudaError_t cudaGetDeviceCount(int* count) {
  *count = 0;
  if (const auto fault = entered(__func__)) return fault;
  *count = standin::device_count();
  return finished(*count == 0 ? cudaErrorNoDevice : cudaSuccess);
}

cudaError_t cudaSetDevice(int device) {
  if (const auto fault = entered(__func__)) return fault;
  if (!standin::is_a_device(device)) return finished(cudaErrorInvalidDevice);
  standin::device_of_thread = device;
  return cudaSuccess;
}

cudaError_t cudaGetDevice(int* device) {
  if (const auto fault = entered(__func__)) return fault;
  *device = standin::current_device();
  return cudaSuccess;
}

cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  if (const auto fault = entered(__func__)) return fault;
  if (!standin::is_a_device(device)) return finished(cudaErrorInvalidDevice);
  switch (attribute) {
    case cudaDevAttrL2CacheSize:
      *value = 4 << 20;
      break;
    case cudaDevAttrComputeCapabilityMajor:
      *value = 9;
      break;
    case cudaDevAttrMultiProcessorCount:
      *value = 2;
      break;
    case cudaDevAttrMaxThreadsPerBlock:
      *value = 1024;
      break;
    case cudaDevAttrWarpSize:
      *value = 32;
      break;
    case cudaDevAttrUnifiedAddressing:
    case cudaDevAttrManagedMemory:
    case cudaDevAttrConcurrentKernels:
      *value = 1;
      break;
    case cudaDevAttrPciBusId:
      *value = static_cast<int>(standin::pci_bus(device));
      break;
    default:
      *value = 0;
      break;
  }
  return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (const auto fault = entered(__func__)) return fault;
  if (!standin::is_a_device(device)) return finished(cudaErrorInvalidDevice);
  *properties = {};
  std::snprintf(properties->name, sizeof(properties->name), "stand-in, not a GPU");
  const standin::OwnCalls own;
  size_t free_bytes = 0;
  cudaMemGetInfo(&free_bytes, &properties->totalGlobalMem);
  properties->major = 9;
  properties->multiProcessorCount = 2;
  properties->maxThreadsPerBlock = 1024;
  properties->warpSize = 32;
  properties->l2CacheSize = 4 << 20;
  properties->pciBusID = static_cast<int>(standin::pci_bus(device));
  properties->unifiedAddressing = 1;
  return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char* text, int length, int device) {
  if (const auto fault = entered(__func__)) return fault;
  if (!standin::is_a_device(device)) return finished(cudaErrorInvalidDevice);
  std::snprintf(text, static_cast<size_t>(length), "0000:%02x:00.0", standin::pci_bus(device));
  return cudaSuccess;
}

cudaError_t cudaDeviceCanAccessPeer(int* can, int device, int peer) {
  if (const auto fault = entered(__func__)) return fault;
  if (!standin::is_a_device(device) || !standin::is_a_device(peer)) {
    return finished(cudaErrorInvalidDevice);
  }
  *can = device != peer ? 1 : 0;
  return cudaSuccess;
}

cudaError_t cudaDeviceEnablePeerAccess(int peer, unsigned /*flags*/) {
  if (const auto fault = entered(__func__)) return fault;
  return finished(standin::is_a_device(peer) ? cudaSuccess : cudaErrorInvalidDevice);
}

cudaError_t cudaDeviceDisablePeerAccess(int /*peer*/) { return entered(__func__); }

cudaError_t cudaSetDeviceFlags(unsigned /*flags*/) { return entered(__func__); }

cudaError_t cudaDeviceReset() { return entered(__func__); }

cudaError_t cudaRuntimeGetVersion(int* version) {
  if (const auto fault = entered(__func__)) return fault;
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int* version) {
  if (const auto fault = entered(__func__)) return fault;
  *version = CUDART_VERSION;
  return cudaSuccess;
}

cudaError_t cudaGetLastError() {
  const cudaError_t error = standin::last_error;
  standin::last_error = cudaSuccess;
  return error;
}

cudaError_t cudaPeekAtLastError() { return standin::last_error; }

const char* cudaGetErrorString(cudaError_t error) {
  const auto* const found = standin::text_of(error);
  return found == nullptr ? "unrecognized error code" : found->text;
}

const char* cudaGetErrorName(cudaError_t error) {
  const auto* const found = standin::text_of(error);
  return found == nullptr ? "unrecognized error code" : found->name;
}

}  // extern "C"
