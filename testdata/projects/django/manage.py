import os
import sys

try:  # PyMySQL in the place of mysqlclient, where it is installed
    import pymysql

    pymysql.version_info = (2, 2, 99, "final", 0)
    pymysql.install_as_MySQLdb()
except ImportError:
    pass

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)
