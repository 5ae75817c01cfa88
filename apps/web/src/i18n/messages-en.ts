import actions from '../../messages/en/actions.json';
import activity from '../../messages/en/activity.json';
import appDetail from '../../messages/en/app-detail.json';
import add from '../../messages/en/add.json';
import addDevice from '../../messages/en/add-device.json';
import lending from '../../messages/en/lending.json';
import pair from '../../messages/en/pair.json';
import trust from '../../messages/en/trust.json';
import apps from '../../messages/en/apps.json';
import causes from '../../messages/en/causes.json';
import claim from '../../messages/en/claim.json';
import controlPlane from '../../messages/en/control-plane.json';
import deploy from '../../messages/en/deploy.json';
import deviceDetail from '../../messages/en/device-detail.json';
import devices from '../../messages/en/devices.json';
import drain from '../../messages/en/drain.json';
import errors from '../../messages/en/errors.json';
import events from '../../messages/en/events.json';
import failures from '../../messages/en/failures.json';
import home from '../../messages/en/home.json';
import live from '../../messages/en/live.json';
import logs from '../../messages/en/logs.json';
import reasons from '../../messages/en/reasons.json';
import recover from '../../messages/en/recover.json';
import settings from '../../messages/en/settings.json';
import shell from '../../messages/en/shell.json';
import signIn from '../../messages/en/sign-in.json';
import states from '../../messages/en/states.json';
import units from '../../messages/en/units.json';

/** English, by feature. */
export default {
  actions,
  activity,
  add,
  addDevice,
  lending,
  pair,
  trust,
  appDetail,
  apps,
  causes,
  claim,
  controlPlane,
  deploy,
  deviceDetail,
  devices,
  drain,
  errors,
  events,
  failures,
  home,
  live,
  logs,
  reasons,
  recover,
  settings,
  shell,
  signIn,
  states,
  units,
};
